import * as assert from "uvu/assert";
import type { PixelFacts } from "../../src/drift/facts.js";
import type { EncodeOptions } from "../../src/encoder/encoder.js";
import type { EncodedView } from "../../src/encoder/features.js";
import type { Encoder, ImageSource } from "../../src/index.js";

export interface Encoded {
  readonly views: EncodedView[];
  /** Class features and patches of every view. */
  readonly values: Float32Array[];
  readonly ended: [image: number, id: string, error?: string][];
  /** Of each image, where they were asked for. */
  readonly facts: (PixelFacts | undefined)[];
  /** Views of each batch. */
  readonly batches: number[];
}

/** All that an encoder gives of some images. */
export async function encodeAll(
  encoder: Encoder,
  images: ImageSource,
  options?: EncodeOptions,
): Promise<Encoded> {
  const all: Encoded = { views: [], values: [], ended: [], facts: [], batches: [] };
  for await (const { features, taps, views, ended, dispose } of encoder.encode(images, options)) {
    const read = await Promise.all([features, ...taps].map((t) => t.data()));
    for (const t of [features, ...taps]) assert.is(t.shape[0], views.length);
    dispose();
    all.views.push(...views);
    all.batches.push(views.length);
    for (const i of views.keys()) {
      const own = read.flatMap((values) => {
        const size = values.length / views.length;
        return [...values.subarray(i * size, (i + 1) * size)];
      });
      all.values.push(Float32Array.from(own));
    }
    for (const { image, item, error, pixels } of ended) {
      all.ended.push(error ? [image, item.id, error.message] : [image, item.id]);
      all.facts.push(await pixels);
    }
  }
  return all;
}
