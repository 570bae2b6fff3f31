import {
  type EncodedPrompt,
  type Encoder,
  encodePrompts,
  type FittedDetector,
  type ImageFailure,
  type ImageItem,
  type ImageScore,
  type ImageSource,
  PromptBank,
  scoreImages,
  scoreViews,
  type ViewScore,
} from "@inctrl/detect";

/** Scores of all views of some images, encoded by an encoder of any batch size. */
export async function scoreWith(
  fitted: FittedDetector,
  images: ImageSource,
  encoder: Encoder = fitted.detector.encoder,
): Promise<ViewScore[]> {
  const scores: ViewScore[] = [];
  for await (const batch of encoder.encode(images)) {
    const found = scoreViews(fitted, batch);
    batch.dispose();
    scores.push(...(await found));
  }
  return scores;
}

/** The results of `scoreImages`. */
export async function collect(
  ...args: Parameters<typeof scoreImages>
): Promise<(ImageScore | ImageFailure)[]> {
  const results: (ImageScore | ImageFailure)[] = [];
  for await (const result of scoreImages(...args)) results.push(result);
  return results;
}

/** The score of an image that could be read. */
export function scored(result: ImageScore | ImageFailure): ImageScore {
  if ("error" in result) throw result.error;
  return result;
}

/** The score of one image, which can be read. */
export const scoreOne = async (fitted: FittedDetector, image: ImageItem): Promise<ImageScore> =>
  scored((await collect(fitted, [image]))[0]);

/** What `encodePrompts` gives, disposed as one. */
export async function encodedPrompts(
  ...args: Parameters<typeof encodePrompts>
): Promise<EncodedPrompt[] & Disposable> {
  const prompts = await encodePrompts(...args);
  return Object.assign(prompts, {
    [Symbol.dispose]() {
      for (const prompt of prompts) prompt.dispose();
    },
  });
}

/** A bank of some images. */
export async function bankOf(encoder: Encoder, images: ImageSource, symmetries = 1): Promise<PromptBank> {
  using prompts = await encodedPrompts(encoder, images, { symmetries });
  return PromptBank.of(encoder, prompts, symmetries);
}

/** Cosine of two rows of `width` values, in float64. */
export function cosine(a: Float32Array, atA: number, b: Float32Array, atB: number, width: number): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let k = 0; k < width; k++) {
    dot += a[atA + k] * b[atB + k];
    aa += a[atA + k] ** 2;
    bb += b[atB + k] ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}
