import { join } from "node:path";
import { maxError, randomImage, throwsCode } from "@inctrl/testing";
import { deviceTests, smallBackbone } from "@inctrl/testing/device";
import { bankOf } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import {
  checkBank,
  Encoder,
  encodePrompts,
  type ImageItem,
  leaveOneOut,
  randomBackbone,
} from "../../src/index.js";
import { meanFeature } from "../support/mean-feature.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("checking a bank");

/** A small image tower that takes images of any size. */
async function anySize(device: Parameters<typeof smallBackbone>[0]) {
  using small = await smallBackbone(device);
  const { config } = small;
  return randomBackbone(device, { ...config, vision: { ...config.vision, positions: "antialias" } }, 1);
}

/** An image with every value changed by one. */
const nearly = (item: ImageItem): ImageItem => ({
  id: `nearly ${item.id}`,
  load: async () => {
    const image = await item.load();
    return { ...image, data: image.data.map((value) => value ^ 1) };
  },
});

for (const [fit, symmetries] of [
  ["crop", 1],
  ["crop", 8],
  ["tile", 1],
  ["whole", 8],
] as const)
  test(`a file tells what leaving each prompt out tells: ${fit}, ${symmetries} symmetries`, async ({
    device,
    folder,
  }) => {
    const whole = fit === "whole";
    using backbone = await (whole ? anySize : smallBackbone)(device);
    const encoder = new Encoder(backbone, { fit, ...(whole && { preprocess: { multiple: 8 } }) });
    const some = [0, 1, 2].map((seed) => randomImage(seed, 40, fit === "crop" ? 40 : 40 + 30 * seed));
    const images = [...some, nearly(some[1])];
    using bank = await bankOf(encoder, images, symmetries);
    const path = join(folder, `${fit}-${symmetries}.safetensors`);
    await bank.save(path);
    const { prompts, bound, redundant } = await checkBank(device, path);
    const encoded = await encodePrompts(encoder, images, { symmetries });
    const seen = (await leaveOneOut(nearestPatch(encoder, { symmetries }), encoded))!;
    for (const prompt of encoded) prompt.dispose();
    const want = images.map(({ id }, i) => ({ id, peak: seen[i].peak })).sort((a, b) => b.peak - a.peak);
    assert.equal(
      prompts.map(({ name }) => name),
      want.map(({ id }) => id),
    );
    assert.ok(
      maxError(
        prompts.map(({ peak }) => peak),
        want.map(({ peak }) => peak),
      ) < 1e-6,
    );
    assert.is(bound, null, "four prompts are too few to say what is far");
    assert.equal(
      redundant.map(({ names }) => names),
      [["1", "nearly 1"]],
    );
    assert.is(prompts.find(({ name }) => name === "1")!.nearest.name, "nearly 1");
  });

test("a bank without patches, and one of one prompt, say why they cannot be checked", async ({
  device,
  folder,
}) => {
  using backbone = await smallBackbone(device);
  const encoder = new Encoder(backbone);
  const path = join(folder, "one.safetensors");
  using bank = await bankOf(encoder, [randomImage(1, 32)]);
  await bank.save(path);
  await throwsCode(() => checkBank(device, path), "shots", /has one prompt/);
  const detector = meanFeature(encoder);
  const prompts = await encodePrompts(encoder, [randomImage(1, 32), randomImage(2, 32)]);
  using fitted = await detector.fit(prompts);
  for (const prompt of prompts) prompt.dispose();
  const other = join(folder, "other.safetensors");
  await fitted.save(other);
  await throwsCode(() => checkBank(device, other), "bank", /not the patches of each/);
});

test.run();
