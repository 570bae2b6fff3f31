import { shared } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { cnnChecks } from "../../src/parity/cnn/index.js";

const test = deviceTests("parity of CNN methods");

test("SPADE, PaDiM, PatchCore, RegAD and single operations: every value is the reference's", async ({
  device,
}) => {
  const folder = shared("golden/baselines-cnn");
  if (folder === undefined) return;
  const checks = await cnnChecks(device, folder);
  assert.equal(
    checks.filter(({ ok }) => !ok),
    [],
  );
  if (process.env.DEBUG) console.table(checks);
  assert.is(checks.length, 499);
});

test.run();
