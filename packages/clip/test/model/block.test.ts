import { type Device, nn, scope, Tensor, tensor } from "@inctrl/tensor";
import { random } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { randomParameters } from "../../src/index.js";
import { Block } from "../../src/model/block.js";
import { SMALL_VIT } from "./support.js";

const test = deviceTests("block");
const CONFIG = { ...SMALL_VIT.vision, activation: SMALL_VIT.activation };
const SHAPE = [2, 5, CONFIG.width];

async function dispatchesOf(device: Device, block: Block) {
  await nn.fill(device, block.namedParameters(), randomParameters(1));
  using x = tensor(device, random(1, 2 * 5 * CONFIG.width), SHAPE);
  const trace = device.trace();
  scope(() => void block.forward(x));
  return trace.stop();
}

test("a frozen block takes five dispatches where products fold layer norms in, and seven elsewhere", async ({
  device,
}) => {
  using block = new Block(CONFIG).freeze();
  const { dispatches, kernels } = await dispatchesOf(device, block);
  const want = device.caps.family === "subgroup" ? 5 : 7;
  assert.is(dispatches, want, kernels.map(({ kernel, calls }) => `${calls} ${kernel}`).join(", "));
});

test("parameters have CLIP's names in its order", () => {
  const named = new Block(CONFIG).namedParameters();
  assert.equal(
    [...named].map(([name, { shape }]) => `${name} ${shape}`),
    [
      "ln_1.weight 14",
      "ln_1.bias 14",
      "attn.in_proj_weight 42,14",
      "attn.in_proj_bias 42",
      "attn.out_proj.weight 14,14",
      "attn.out_proj.bias 14",
      "ln_2.weight 14",
      "ln_2.bias 14",
      "mlp.c_fc.weight 42,14",
      "mlp.c_fc.bias 42",
      "mlp.c_proj.weight 14,42",
      "mlp.c_proj.bias 14",
    ],
  );
});

test("inside prepare a block is planned as it will run, and takes no memory", async ({ device }) => {
  const before = device.memory();
  await device.prepare(() => {
    using block = new Block(CONFIG).freeze().allocate(device);
    scope(() => void block.forward(Tensor.empty(device, SHAPE)));
  });
  assert.equal(device.memory(), before);
});

test.run();
