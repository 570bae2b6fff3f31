import { type Fit, type PreparedImage, prepareImage } from "@inctrl/clip";
import type { Box, Sample } from "@inctrl/datasets";
import type { Backbone } from "@inctrl/detect";
import { encodeViews, symmetricViews, unturned } from "@inctrl/detect";
import { concat, normalize, reshape, scope, type Tensor } from "@inctrl/tensor";

/** Some encoded views of samples, on the device. */
export interface Features {
  /** Class features, [views, embedDim]. */
  readonly features: Tensor;
  /** Patches of the tapped blocks, [views, patches, width], raw. */
  readonly taps: readonly Tensor[];
  /** For each view the index of its sample. */
  readonly owners: readonly number[];
  /** For each view the part of the image it shows. */
  readonly boxes: readonly Box[];
}

export function disposeFeatures({ features, taps }: Features): void {
  for (const held of [features, ...taps]) held.dispose();
}

/** One prompt, on the device. */
export interface EncodedPrompt {
  /** Class features, [views, embedDim]. */
  readonly features: Tensor;
  /** Normalised patches of each tapped block, [views * turns * patches, width]. */
  readonly rows: readonly Tensor[];
}

export interface EncodeOptions {
  readonly fit: Fit;
  /** Views encoded together. */
  readonly batch: number;
  /** Whether it matters where views lie in their images. */
  readonly boxes: boolean;
  /** A sample that cannot be read is left out and told here. */
  readonly onSkipped: (sample: Sample, error: Error) => void;
  readonly signal?: AbortSignal;
}

/**
 * Encodes samples batch by batch, decoding the next batch while the device works; at most two batches of pixels are
 * held. Whoever takes the features disposes of them.
 */
export async function* encodeSamples(
  backbone: Backbone,
  samples: readonly Sample[],
  { fit, batch, onSkipped, signal }: EncodeOptions,
): AsyncGenerator<Features> {
  const waiting: { owner: number; view: PreparedImage }[] = [];
  let working: Promise<unknown> = Promise.resolve();
  const next = async (): Promise<Features> => {
    const some = waiting.splice(0, batch);
    await working;
    const { features, taps } = scope(() =>
      encodeViews(
        backbone,
        some.map(({ view }) => view),
      ),
    );
    working = backbone.device.sync();
    // Awaited before the next batch; a lost device must not count as unhandled until then.
    working.catch(() => {});
    return {
      features,
      taps,
      owners: some.map(({ owner }) => owner),
      boxes: some.map(({ view }) => view.box),
    };
  };
  for (const [owner, sample] of samples.entries()) {
    if (signal?.aborted) break;
    const views = await viewsOf(sample, backbone, fit).catch((error: Error) => onSkipped(sample, error));
    for (const view of views ?? []) waiting.push({ owner, view });
    while (waiting.length >= batch) yield await next();
  }
  if (waiting.length > 0 && !signal?.aborted) yield await next();
  await working;
}

/** Encodes the views of one prompt, in as many symmetries as the backbone compares. */
export function encodePrompt(
  backbone: Backbone,
  prompt: readonly PreparedImage[],
  batch: number,
): EncodedPrompt {
  const { turns } = backbone;
  const views = prompt.flatMap((view) => symmetricViews(view, turns));
  return scope(() => {
    const parts: ReturnType<typeof encodeViews>[] = [];
    for (let at = 0; at < views.length; at += batch) {
      parts.push(encodeViews(backbone, views.slice(at, at + batch)));
    }
    const rows = backbone.config.outBlocks.map((_, block) => {
      const patches = concat(parts.map(({ taps }) => taps[block]));
      return normalize(reshape(patches, [-1, patches.shape[2]]));
    });
    return { features: unturned(concat(parts.map(({ features }) => features)), turns), rows };
  });
}

/** A sample as the model sees it. Rejects when it cannot be read. */
export async function viewsOf(sample: Sample, backbone: Backbone, fit: Fit): Promise<PreparedImage[]> {
  return prepareImage(await sample.load(), backbone.config.preprocess, fit);
}
