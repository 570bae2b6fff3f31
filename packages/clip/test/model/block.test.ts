import { scope, tensor } from "@inctrl/tensor";
import * as assert from "uvu/assert";
import { buildClip, randomParameters } from "../../src/index.js";
import { runBlock } from "../../src/model/block.js";
import { deviceTests, random, SMALL_VIT } from "./support.js";

const test = deviceTests("block");

test("a block takes at most 8 dispatches", async (device) => {
  using clip = await buildClip(device, SMALL_VIT, randomParameters(1));
  const { heads, lnEps, width } = SMALL_VIT.vision;
  const block = { heads, lnEps, activation: SMALL_VIT.activation, causal: false };
  const x = tensor(device, random(1, 2 * 5 * width), [2, 5, width]);
  const trace = device.trace();
  scope(() => void runBlock(x, clip.parameters, "visual.transformer.resblocks.0", block));
  const { dispatches, kernels } = await trace.stop();
  assert.ok(
    dispatches > 4 && dispatches <= 8,
    kernels.map(({ kernel, calls }) => `${calls} ${kernel}`).join(", "),
  );
  x.dispose();
});

test.run();
