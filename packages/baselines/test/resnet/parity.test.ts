import { shared } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { resnetChecks } from "../../src/parity/resnet.js";

const test = deviceTests("parity of ResNets");

// Wide-ResNet-50-2, 69 million hashed values, is left to `inctrl parity`: it is ResNet-50 with twice the middle.
test("every map and feature of ResNet-18 and ResNet-50 is the reference's", async ({ device }) => {
  const folder = shared("golden/baselines-cnn");
  if (folder === undefined) return;
  const checks = await resnetChecks(device, folder, (name) => !name.startsWith("wide"));
  assert.equal(
    checks.filter(({ ok }) => !ok),
    [],
  );
  assert.is(checks.length, 48);
  if (process.env.DEBUG) console.table(checks);
});

test.run();
