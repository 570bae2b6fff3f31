import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { runBaselineParity } from "../../src/index.js";
import { testGolden } from "./support.js";

const test = deviceTests("parity of the methods");

testGolden(
  test,
  "WinCLIP, CoOp, DINOv2, AnomalyDINO and SubspaceAD: every value is the reference's, with room to spare",
  "baselines-clip",
  async (device, folder) => {
    const report = await runBaselineParity(device, folder);
    assert.ok(report);
    return report.checks;
  },
);

test("a folder without the methods' values is another's", async ({ device, folder }) => {
  assert.is(await runBaselineParity(device, folder), null);
});

test.run();
