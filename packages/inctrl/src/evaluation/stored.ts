import type { Box, Sample } from "@inctrl/datasets";
import type { Backbone, FeatureStore } from "@inctrl/detect";
import { InctrlError, unturned } from "@inctrl/detect";
import { f16ToF32, normalize, reshape, scope, slice, type Tensor, tensor } from "@inctrl/tensor";
import { type EncodedPrompt, type EncodeOptions, type Features, viewsOf } from "./features.js";

/**
 * Checks that a store keeps what an evaluation compares.
 *
 * @throws InctrlError `evaluation` where backbone, blocks or fit differ.
 */
export function checkStore(store: FeatureStore, backbone: Backbone, fit: string): void {
  const { outBlocks } = backbone.config;
  const same = store.backbone.fingerprint === backbone.fingerprint;
  if (same && store.fit === fit && store.recipe.blocks.join() === outBlocks.join()) return;
  throw new InctrlError(
    "evaluation",
    "the stored features are of another backbone, other blocks or another fit; evaluate without them",
  );
}

/** As `encodeSamples`, with features from a store: float16 tokens, of which only those that are new are encoded. */
export async function* storedSamples(
  store: FeatureStore,
  samples: readonly Sample[],
  { batch, boxes, onSkipped, signal }: EncodeOptions,
): AsyncGenerator<Features> {
  for (let at = 0; at < samples.length && !signal?.aborted; at += batch) {
    const some = samples.slice(at, at + batch);
    const numbers = await store.add(some, { onSkip: onSkipped });
    const there = some.flatMap((sample, i) =>
      numbers[i] === null ? [] : [{ sample, image: numbers[i], owner: at + i }],
    );
    if (there.length === 0) continue;
    // Where a view lies in its image only pixel metrics ask, for which the image must be decoded.
    const place = async (sample: Sample): Promise<Box> =>
      boxes ? (await viewsOf(sample, store.backbone, store.fit))[0].box : { x: 0, y: 0, width: 0, height: 0 };
    const places = await Promise.all(there.map(({ sample }) => place(sample)));
    yield {
      ...(await upload(
        store,
        there.map(({ image }) => image),
      )),
      owners: there.map(({ owner }) => owner),
      boxes: places,
    };
  }
}

/** A prompt from a store. @throws ImageError where it cannot be read. */
export async function storedPrompt(store: FeatureStore, sample: Sample): Promise<EncodedPrompt> {
  const { turns } = store.backbone;
  const [image] = await store.add([sample], { turns });
  const { features, taps } = await upload(store, store.turned(image as number, turns));
  const prompt = scope(() => ({
    features: unturned(features, turns),
    rows: taps.map((tap) => normalize(reshape(tap, [-1, tap.shape[2]]))),
  }));
  for (const held of taps) held.dispose();
  if (prompt.features !== features) features.dispose();
  return prompt;
}

/** Class features [images, embedDim], and for each block patches [images, patches, width]. */
async function upload(
  store: FeatureStore,
  images: readonly number[],
): Promise<{ features: Tensor; taps: Tensor[] }> {
  const { device } = store.backbone;
  const [blocks, patches, width] = store.recipe.patches;
  const tokens = new Float32Array(images.length * blocks * patches * width);
  for (const [i, image] of images.entries()) {
    tokens.set(f16ToF32(await store.patches(image)), i * blocks * patches * width);
  }
  const features = Float32Array.from(images.flatMap((image) => [...store.feature(image)]));
  return scope(() => {
    const all = tensor(device, tokens, [images.length, blocks, patches, width]);
    return {
      features: tensor(device, features, [images.length, store.recipe.embedDim]),
      taps: store.recipe.blocks.map((_, b) =>
        slice(all, [null, [b, b + 1]]).view([images.length, patches, width]),
      ),
    };
  });
}
