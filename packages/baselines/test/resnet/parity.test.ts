import { shared } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { resnetChecks } from "../../src/parity/resnet.js";

const test = deviceTests("parity of ResNets");

test("every map and feature of ResNet-18, ResNet-50 and Wide-ResNet-50-2 is the reference's", async ({
  device,
}) => {
  const folder = shared("golden/baselines-cnn");
  if (folder === undefined) return;
  const checks = await resnetChecks(device, folder);
  assert.equal(
    checks.filter(({ ok }) => !ok),
    [],
  );
  assert.is(checks.length, 71);
  if (process.env.DEBUG) console.table(checks);
});

test.run();
