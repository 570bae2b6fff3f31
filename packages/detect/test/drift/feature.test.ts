import { randomImage } from "@inctrl/testing";
import { backboneTests } from "@inctrl/testing/device";
import { collect, cosine, scored } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { Encoder, fitImages, type ImageItem, imageFacts } from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("distance of class features");
const images = (first: number, count: number): ImageItem[] =>
  Array.from({ length: count }, (_, i) => randomImage(first + i, 40));

test("it is half of 1 - cosine to the mean of the prompts' features, each at length 1, as plain loops have it", async ({
  backbone,
}) => {
  const encoder = new Encoder(backbone, { batch: 8 });
  const featuresOf = async (of: ImageItem[]) => {
    for await (using batch of encoder.encode(of)) return await batch.features.data();
    throw new Error("no batch");
  };
  const [prompts, queries] = [images(1, 3), images(10, 4)];
  const [given, seen] = [await featuresOf(prompts), await featuresOf(queries)];
  const width = backbone.embedDim;
  const centre = Float32Array.from({ length: width }, (_, k) =>
    [0, 1, 2].reduce((sum, i) => {
      const own = given.subarray(i * width, (i + 1) * width);
      return sum + own[k] / Math.hypot(...own);
    }, 0),
  );
  using fitted = await fitImages(nearestPatch(encoder), prompts);
  for (const [i, result] of (await collect(fitted, queries)).map(scored).entries()) {
    const wanted = (1 - cosine(seen, i * width, centre, 0, width)) / 2;
    const { feature } = imageFacts(result)!;
    assert.ok(Math.abs(feature! - wanted) < 1e-6, `${feature} for ${wanted}`);
    assert.ok(wanted > 1e-4, "the images differ");
  }
});

test("without class features there is no such fact", async ({ backbone }) => {
  using fitted = await fitImages(nearestPatch(new Encoder(backbone, { features: false })), images(1, 2));
  const [result] = await collect(fitted, images(10, 1));
  assert.not("feature" in imageFacts(scored(result))!);
});

test.run();
