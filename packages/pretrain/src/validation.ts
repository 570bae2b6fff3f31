import type { Clip, Tokenizer } from "@inctrl/clip";
import { type Category, openDataSet } from "@inctrl/datasets";
import { auroc, classPrototypes, Encoder, fitImages, meanOf, textScore, VitBackbone } from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { procedural } from "@inctrl/synth";
import { matmul, normalize, scope } from "@inctrl/tensor";
import type { CaptionedBatch } from "./data/batch.js";
import { Renderer } from "./data/renderer.js";
import { PretrainError } from "./errors.js";
import { logitScale, uploadPixels } from "./pretrainer.js";

/** How well a network does on classes that it was never trained on. */
export interface Validation {
  /** Share of the images of a fixed batch whose best caption names the right class in the right state. */
  readonly retrieval: number;
  /** AUROC of the text score, mean over categories. */
  readonly text: number;
  /** AUROC of the largest patch residual against a few good images, mean over categories. */
  readonly residual: number;
}

/** Images and captions that a network is validated on. */
export interface ValidationSet {
  readonly batch: CaptionedBatch;
  readonly categories: readonly Category[];
}

/** Images in the batch of the retrieval. */
const BATCH = 64;
/** Products of held-out classes; the four training images of each are the prompts. */
const PRODUCTS = "procedural:9001?split=held-out&camera=fixed&train=4&good=8&bad=8";

/** Draws the validation set for images of `size` pixels a side. */
export async function openValidationSet(
  size: number,
  { seed, group }: { seed: number; group: number },
): Promise<ValidationSet> {
  const shown = Array.from({ length: BATCH }, (_, index) => ({ index, symmetry: 0 }));
  const { categories } = await openDataSet(`${PRODUCTS}&size=${size}`, [procedural]);
  return {
    batch: new Renderer().render({ seed: seed + 1, split: "held-out", size, group, shown }),
    categories,
  };
}

/** @throws PretrainError `diverged` where a score is not finite. */
export async function validate(clip: Clip, tokenizer: Tokenizer, set: ValidationSet): Promise<Validation> {
  const texts: number[] = [];
  const residuals: number[] = [];
  for (const category of set.categories) {
    const { text, residual } = await validateCategory(clip, tokenizer, category);
    texts.push(text);
    residuals.push(residual);
  }
  return {
    retrieval: await retrieval(clip, tokenizer, set.batch),
    text: meanOf(texts),
    residual: meanOf(residuals),
  };
}

function checkFinite(scores: readonly number[] | Float32Array): void {
  if (scores.every(Number.isFinite)) return;
  throw new PretrainError("diverged", "scores in validation are not finite; lower the learning rate");
}

async function retrieval(clip: Clip, tokenizer: Tokenizer, batch: CaptionedBatch): Promise<number> {
  const { contextLength } = clip.config.text!;
  using similar = scope(() => {
    const { features } = clip.vision.forward(uploadPixels(clip.device, clip.config, batch));
    const words = clip.text!.forward(tokenizer.tokenize(batch.captions, contextLength), contextLength);
    return matmul(normalize(features), normalize(words), { transposeB: true });
  });
  const values = await similar.data();
  checkFinite(values);
  const { count, classIds, damaged } = batch;
  let right = 0;
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * count, (i + 1) * count);
    const best = row.indexOf(Math.max(...row));
    if (classIds[best] === classIds[i] && damaged[best] === damaged[i]) right++;
  }
  return right / count;
}

/** AUROC of a category's test images by text, and by the residual against all of its training images. */
async function validateCategory(clip: Clip, tokenizer: Tokenizer, { className, train, test }: Category) {
  const encoder = new Encoder(new VitBackbone("the network in training", clip, "", null));
  using fitted = await fitImages(residual(encoder, { symmetries: 1 }), train);
  using prototypes = scope(() => classPrototypes(clip.text!, tokenizer, className));
  const scale = await logitScale(clip);
  const texts: number[] = [];
  const residuals: number[] = [];
  for await (using batch of encoder.encode(test, { places: false })) {
    for (const { error } of batch.ended) if (error) throw error;
    using text = textScore(batch.features, prototypes, scale);
    const [asked, detections] = await Promise.all([text.data(), fitted.score(batch)]);
    texts.push(...asked);
    residuals.push(...detections.map(({ score }) => score));
  }
  checkFinite(texts);
  checkFinite(residuals);
  const labels = test.map(({ label }) => label);
  return { text: auroc(labels, texts) ?? Number.NaN, residual: auroc(labels, residuals) ?? Number.NaN };
}
