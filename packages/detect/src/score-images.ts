import { readAs } from "@inctrl/datasets";
import { type FittedDetector, scoreViews, type ViewScore } from "./detector.js";
import type { PixelFacts } from "./drift/facts.js";
import type { EncodedBatch, EncodedImage } from "./encoder/features.js";
import { DetectError, notFinite } from "./errors.js";
import { otherSize } from "./images/positions.js";
import type { ImageItem, ImageSource } from "./images/source.js";

/** The score of an image: that of its most anomalous view. */
export interface ImageScore extends Pick<ViewScore, "score" | "parts">, Pick<EncodedImage, "clipped"> {
  /** Facts of its pixels; absent where nobody asked for them, and where its features came from a cache. */
  readonly pixels?: PixelFacts;
  /** Its id in the source. */
  readonly image: string;
  /** Index in `views` of the view that decided. */
  readonly view: number;
  readonly views: readonly ViewScore[];
}

/** An image that could not be read, or that has no finite score, and why. */
export interface ImageFailure {
  readonly image: string;
  readonly error: Error;
}

/**
 * Scores images in the order of their source, read as the prompts were. The next batch is decoded and recorded while the device works on this one; at most
 * two batches are held. Images that cannot be read, or have no finite score, come out as failures, in their place. `signal` stops it after the batches at
 * work; their results are still given out. `facts`: false spares the facts of pixels, which drift and calibration want.
 *
 * @example
 * for await (const result of scoreImages(fitted, fileImages(paths))) {
 *   if ("error" in result) console.error(result.error.message);
 *   else console.log(result.image, result.score);
 * }
 */
export async function* scoreImages(
  fitted: FittedDetector,
  images: ImageSource,
  { signal, facts = true }: { signal?: AbortSignal; facts?: boolean } = {},
): AsyncGenerator<ImageScore | ImageFailure> {
  /** Views of images of which more are to come. */
  const begun = new Map<number, ViewScore[]>();
  const working: { readonly batch: EncodedBatch; readonly scores: Promise<ViewScore[]> }[] = [];
  const finishFirst = async () => {
    const { batch, scores } = working.shift()!;
    const results = joinViews(batch, await scores, begun, fitted);
    const facts = await Promise.all(batch.ended.map(({ pixels }) => pixels));
    return results.map((result, i) =>
      "error" in result || !facts[i] ? result : { ...result, pixels: facts[i] },
    );
  };
  const { region, detector } = fitted;
  const { encoder } = detector;
  try {
    for await (const batch of encoder.encode(readAlike(images, fitted), { signal, facts, region })) {
      const scores = scoreViews(fitted, batch);
      // Its work is recorded, so that the tensors are free for the next batch.
      batch.dispose();
      // Awaited below; a failure before that must not count as unhandled.
      scores.catch(() => {});
      working.push({ batch, scores });
      if (working.length > 1) yield* await finishFirst();
    }
    while (working.length > 0) yield* await finishFirst();
  } finally {
    // A consumer that stops early, or whose source fails, may dispose of the detector at once.
    await Promise.allSettled(working.map(({ scores }) => scores));
  }
}

const outside = (image: string): DetectError =>
  new DetectError(
    "region",
    `${image}: no patch of it lies in the region of the bank, at least by half; make the region larger, or fit images another way`,
  );

/** Images as a detector's prompts were read. */
async function* readAlike(images: ImageSource, { reading }: FittedDetector): AsyncGenerator<ImageItem> {
  for await (const item of images) yield readAs(item, reading);
}

/** Results of the images that end in a batch, without facts of pixels; `begun` holds the views of those that do not. */
export function joinViews(
  { views, ended }: Pick<EncodedBatch, "views" | "ended">,
  scores: readonly ViewScore[],
  begun: Map<number, ViewScore[]>,
  { positions }: FittedDetector,
): (ImageScore | ImageFailure)[] {
  for (const [i, { image }] of views.entries()) begun.set(image, [...(begun.get(image) ?? []), scores[i]]);
  return ended.map(({ image, item, error, clipped }) => {
    if (error) return { image: item.id, error };
    const own = begun.get(image) ?? [];
    begun.delete(image);
    const elsewhere = own.find((view) => view.elsewhere);
    if (elsewhere && positions)
      return { image: item.id, error: otherSize(item.id, elsewhere.of, positions.of) };
    if (!own.every(({ score }) => Number.isFinite(score)))
      return { image: item.id, error: notFinite(item.id) };
    const counts = [...own.keys()].filter((i) => !own[i].outside);
    if (counts.length === 0) return { image: item.id, error: outside(item.id) };
    // An image is as anomalous as its most anomalous view.
    const view = counts.reduce((best, i) => (own[i].score > own[best].score ? i : best));
    const { score, parts } = own[view];
    const shown = clipped !== undefined && { clipped };
    return { image: item.id, score, parts, view, views: own, ...shown };
  });
}
