import { sigmoid, type Tensor, tensor, valueAndGrad } from "@inctrl/tensor";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { focalLoss } from "../../src/training/focal.js";

const test = deviceTests("focal loss");

test("saturated outputs have a finite loss and slope in both forms; NaN stays NaN", async ({ device }) => {
  for (const form of ["probability", "logits"] as const) {
    for (const x of [-200, -30, 0, 20, 200]) {
      for (const y of [0, 1]) {
        const [logit, label] = [x, y].map((v) => tensor(device, Float32Array.of(v)));
        const { value, gradients } = valueAndGrad((t: Tensor) => focalLoss(sigmoid(t), label, form))(logit);
        const [loss, slope] = [await value.item(), (await (gradients as Tensor).data())[0]];
        assert.ok(Number.isFinite(loss) && Number.isFinite(slope), `${form} ${x} ${y}: ${loss} ${slope}`);
        const p = 1 / (1 + Math.exp(-x));
        const right = y === 1 ? p : 1 - p;
        const entropy = Math.min(100, -Math.log(right));
        if (form === "probability")
          assert.ok(
            Math.abs(loss - (1 - right) ** 2 * entropy) < 1e-4 * (1 + entropy) || (x === 20 && y === 0),
          );
        for (const t of [logit, label, value, gradients as Tensor]) t.dispose();
      }
    }
  }
  const [nan, one] = [Number.NaN, 1].map((v) => tensor(device, Float32Array.of(v)));
  for (const form of ["probability", "logits"] as const) {
    const loss = focalLoss(nan, one, form);
    assert.ok(Number.isNaN(await loss.item()), form);
    loss.dispose();
  }
  nan.dispose();
  one.dispose();
});

test.run();
