import { shared } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { runBaselineParity } from "../../src/index.js";

const test = deviceTests("parity of the methods");

test("WinCLIP, CoOp, DINOv2, AnomalyDINO and SubspaceAD: every value is the reference's, with room to spare", async ({
  device,
}) => {
  const folder = shared("golden/baselines-clip");
  if (folder === undefined) return;
  const report = await runBaselineParity(device, folder);
  assert.ok(report);
  const wrong = report.checks.filter(({ ok }) => !ok);
  assert.equal(wrong, []);
  if (process.env.DEBUG) console.table(report.checks);
});

test("a folder without the methods' values is another's", async ({ device, folder }) => {
  assert.is(await runBaselineParity(device, folder), null);
});

test.run();
