import { join } from "node:path";
import { maxError, randomImage, throwsCode } from "@inctrl/testing";
import { backboneTests } from "@inctrl/testing/device";
import { bankOf, encodedPrompts } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import {
  checkBank,
  Encoder,
  type ImageItem,
  leaveOneOut,
  randomBackbone,
  type VitBackbone,
} from "../../src/index.js";
import { meanFeature } from "../support/mean-feature.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("checking a bank");

/** A tower of the same form that takes images of any size. */
const anySize = ({ device, config }: VitBackbone) =>
  randomBackbone(device, { ...config, vision: { ...config.vision, positions: "antialias" } }, 1);

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
    backbone,
  }) => {
    const whole = fit === "whole";
    using other = whole ? await anySize(backbone) : null;
    const encoder = new Encoder(other ?? backbone, { fit, ...(whole && { preprocess: { multiple: 8 } }) });
    const some = [0, 1, 2].map((seed) => randomImage(seed, 40, fit === "crop" ? 40 : 40 + 30 * seed));
    const images = [...some, nearly(some[1])];
    using bank = await bankOf(encoder, images, symmetries);
    const path = join(folder, `${fit}-${symmetries}.safetensors`);
    await bank.save(path);
    const { prompts, bound, redundant } = await checkBank(device, path);
    using encoded = await encodedPrompts(encoder, images, { symmetries });
    const seen = (await leaveOneOut(nearestPatch(encoder, { symmetries }), encoded))!;
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
  backbone,
}) => {
  const encoder = new Encoder(backbone);
  const path = join(folder, "one.safetensors");
  using bank = await bankOf(encoder, [randomImage(1, 32)]);
  await bank.save(path);
  await throwsCode(() => checkBank(device, path), "shots", /has one prompt/);
  const detector = meanFeature(encoder);
  using prompts = await encodedPrompts(encoder, [randomImage(1, 32), randomImage(2, 32)]);
  using fitted = await detector.fit(prompts);
  const other = join(folder, "other.safetensors");
  await fitted.save(other);
  await throwsCode(() => checkBank(device, other), "bank", /not the patches of each/);
});

test.run();
