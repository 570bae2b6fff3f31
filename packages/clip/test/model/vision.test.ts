import { join } from "node:path";
import { type Device, scope, sizeOf, tensor, writeSafetensors } from "@inctrl/tensor";
import { maxError, random, throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { resizePositional } from "../../src/checkpoint/positional.js";
import { buildClip, loadClip, type ModelConfig, openWeights, parseConfig } from "../../src/index.js";
import { reference } from "./reference.js";
import {
  readerOf,
  SMALL_CLIP,
  SMALL_DINO,
  SMALL_DISTILLED,
  SMALL_VIT,
  storedTensors,
  take,
  trainedValues,
} from "./support.js";

const test = deviceTests("vision transformer");
const BATCH = 3;

function images(device: Device, { imageSize }: ModelConfig["vision"]) {
  const pixels = random(77, BATCH * 3 * imageSize ** 2, -2, 2);
  return { pixels, input: tensor(device, pixels, [BATCH, 3, imageSize, imageSize]) };
}

for (const [name, config] of [
  ["CLIP: QuickGELU, projection, pixels left over", SMALL_CLIP],
  ["timm: patch bias, no ln_pre, no projection, eps 1e-6", SMALL_VIT],
  ["DINOv2: gains, registers, SwiGLU", SMALL_DINO],
  ["distilled DeiT: two class tokens, whose mean is the feature", SMALL_DISTILLED],
] as const) {
  test(`${name}: every block and the feature are those of float64 loops`, async ({ device }) => {
    const values = trainedValues(config, 1);
    using clip = await buildClip(device, config, readerOf(values), { parts: "vision" });
    const { pixels, input } = images(device, config.vision);
    const blocks = Array.from({ length: config.vision.layers }, (_, i) => i + 1);
    const { features, taps } = clip.vision.forward(input, { taps: blocks });
    const plane = pixels.length / BATCH;
    const want = Array.from({ length: BATCH }, (_, i) =>
      reference(config, values).image(pixels.subarray(i * plane, (i + 1) * plane)),
    );
    const error = maxError(
      await take(features),
      want.flatMap(({ feature }) => feature),
    );
    assert.ok(error < 5e-6, `features: ${error}`);
    for (const [i, tap] of taps.entries()) {
      const off = maxError(
        await take(tap),
        want.flatMap((one) => one.blocks[i]),
      );
      assert.ok(off < 5e-6, `block ${i + 1}: ${off}`);
    }
    input.dispose();
  });
}

test("taps come in the order asked for and do not change the feature", async ({ device }) => {
  using clip = await buildClip(device, SMALL_CLIP, readerOf(trainedValues(SMALL_CLIP, 2)), {
    parts: "vision",
  });
  const { input } = images(device, SMALL_CLIP.vision);
  const run = async (taps: number[]) => {
    const output = clip.vision.forward(input, { taps });
    return { feature: await take(output.features), taps: await Promise.all(output.taps.map(take)) };
  };
  const all = await run([1, 2, 3]);
  const turned = await run([3, 1]);
  assert.equal(turned.taps, [all.taps[2], all.taps[0]]);
  assert.equal(turned.feature, all.feature);
  const none = await run([]);
  assert.ok(maxError(none.feature, all.feature) < 1e-6, "the last block without its patches");
  assert.equal((await run([2])).taps, [all.taps[1]]);
  input.dispose();
});

test("an image is the same bits alone and in any batch", async ({ device }) => {
  using clip = await buildClip(device, SMALL_VIT, readerOf(trainedValues(SMALL_VIT, 3)), { parts: "vision" });
  const { pixels, input } = images(device, SMALL_VIT.vision);
  const { features, taps } = clip.vision.forward(input, { taps: [1] });
  const [together, tapped] = [await take(features), await take(taps[0])];
  const plane = pixels.length / BATCH;
  for (let i = 0; i < BATCH; i++) {
    const alone = scope(() => {
      const one = tensor(device, pixels.slice(i * plane, (i + 1) * plane), [1, 3, 13, 13]);
      return clip.vision.forward(one, { taps: [1] });
    });
    const own = (all: Float32Array) => all.slice((i * all.length) / BATCH, ((i + 1) * all.length) / BATCH);
    const tolerance = device.caps.software ? 0 : 1e-6;
    assert.ok(maxError(await take(alone.features), own(together)) <= tolerance);
    assert.ok(maxError(await take(alone.taps[0]), own(tapped)) <= tolerance);
  }
  input.dispose();
});

test("at another image size the positional embedding is resized, whether larger or smaller", async ({
  device,
  folder,
}) => {
  const values = trainedValues(SMALL_CLIP, 4);
  const path = join(folder, "positional.safetensors");
  await writeSafetensors(path, storedTensors(SMALL_CLIP, values));
  for (const [imageSize, grid] of [
    [17, 3],
    [5, 1],
  ]) {
    const config = { ...SMALL_CLIP, vision: { ...SMALL_CLIP.vision, imageSize } };
    const positions = resizePositional(values.get("visual.positional_embedding") as Float32Array, {
      from: 2,
      to: { rows: grid, columns: grid },
      width: 15,
    });
    const resized = new Map(values).set("visual.positional_embedding", positions);
    const weights = await openWeights(path);
    using clip = await loadClip(device, config, weights);
    await weights.close();
    const { pixels, input } = images(device, config.vision);
    const { features, taps } = clip.vision.forward(input, { taps: [3] });
    assert.equal(taps[0].shape, [BATCH, 1 + grid * grid, 15]);
    const want = reference(config, resized).image(pixels.subarray(0, pixels.length / BATCH));
    assert.ok(maxError((await take(features)).slice(0, 7), want.feature) < 5e-6);
    assert.ok(maxError((await take(taps[0])).slice(0, want.blocks[2].length), want.blocks[2]) < 5e-6);
    input.dispose();
  }
});

test("pixels of another size and blocks that are not there are refused", async ({ device }) => {
  using clip = await buildClip(device, SMALL_CLIP, readerOf(trainedValues(SMALL_CLIP, 5)), {
    parts: "vision",
  });
  const refused = async (shape: number[], taps: number[], code: string, text: RegExp) => {
    using pixels = tensor(device, new Float32Array(sizeOf(shape)), shape);
    await throwsCode(() => clip.vision.forward(pixels, { taps }), code, text);
  };
  await refused([1, 3, 10, 11], [], "shape", /are \[1, 3, 10, 11\] and must be \[batch, 3, 11, 11\]/);
  await refused([1, 1, 11, 11], [], "shape", /must be \[batch, 3, 11, 11\]/);
  await refused([3, 11, 11], [], "shape", /must be \[batch, 3, 11, 11\]/);
  for (const bad of [0, 4, 1.5, -1]) {
    await refused([1, 3, 11, 11], [1, bad], "argument", new RegExp(`no block ${bad}; tap blocks 1 to 3`));
  }
});

test("a patch as large as the image gives one patch", async ({ device }) => {
  const config = parseConfig({
    embed_dim: 4,
    vision_cfg: { image_size: 6, patch_size: 6, width: 6, head_width: 6, layers: 1 },
  });
  const values = trainedValues(config, 6);
  using clip = await buildClip(device, config, readerOf(values));
  const { pixels, input } = images(device, config.vision);
  const { features, taps } = clip.vision.forward(input, { taps: [1] });
  assert.equal(taps[0].shape, [BATCH, 2, 6]);
  taps[0].dispose();
  const want = reference(config, values).image(pixels.subarray(0, 108));
  assert.ok(maxError((await take(features)).slice(0, 4), want.feature) < 5e-6);
  input.dispose();
});

test.run();
