import {
  type CaptionedBatch,
  type Clip,
  normalizePixels,
  prepareImage,
  type TextTransformer,
  type Tokenizer,
  uploadPixels,
} from "@inctrl/clip";
import type { Category, Sample } from "@inctrl/datasets";
import { auroc, classPrototypes, patchResiduals, textScore } from "@inctrl/inctrl";
import { matmul, max, normalize, packBank, reshape, scope, slice, type Tensor, tensor } from "@inctrl/tensor";

/** What a network can do with things it was never trained on. */
export interface Judgement {
  /** Share of the images of a fixed batch whose best caption tells the right thing in the right state. */
  readonly retrieval: number;
  /** AUROC of the text score, mean over classes. */
  readonly text: number;
  /** AUROC of the largest patch residual against a few good images, mean over classes. */
  readonly residual: number;
}

/** Images and captions that a network is judged by. */
export interface Exam {
  readonly batch: CaptionedBatch;
  readonly categories: readonly Category[];
}

export async function judge(clip: Clip, tokenizer: Tokenizer, exam: Exam): Promise<Judgement> {
  const texts: number[] = [];
  const residuals: number[] = [];
  for (const category of exam.categories) {
    const found = await judgeCategory(clip, tokenizer, category);
    texts.push(found.text);
    residuals.push(found.residual);
  }
  return {
    retrieval: await retrieval(clip, tokenizer, exam.batch),
    text: mean(texts),
    residual: mean(residuals),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

async function retrieval(clip: Clip, tokenizer: Tokenizer, batch: CaptionedBatch): Promise<number> {
  const { contextLength } = clip.config.text!;
  const similar = scope(() => {
    const { features } = clip.vision.forward(uploadPixels(clip.device, clip.config, batch));
    const words = clip.text!.forward(tokenizer.tokenize(batch.captions, contextLength), contextLength);
    return matmul(normalize(features), normalize(words), { transposeB: true });
  });
  const values = await similar.data();
  similar.dispose();
  const { count, classIds, damaged } = batch;
  let right = 0;
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * count, (i + 1) * count);
    const best = row.indexOf(Math.max(...row));
    if (classIds[best] === classIds[i] && damaged[best] === damaged[i]) right++;
  }
  return right / count;
}

/** What training multiplied cosines by: at 100, as CLIP's own ends, a short one's text scores would nearly all be close to 0 or 1. */
export const logitScale = async ({ text }: Clip): Promise<number> =>
  Math.exp(await (text as TextTransformer).logit_scale.value.item());

/** AUROC of a category's test images by text and by the residual against all of its training images. */
async function judgeCategory(clip: Clip, tokenizer: Tokenizer, { className, train, test }: Category) {
  const labels = test.map(({ label }) => label);
  const scale = await logitScale(clip);
  const [good, shown] = [await upload(clip, train), await upload(clip, test)];
  const { text, residual } = scope(() => {
    const taps = (pixels: Tensor) => {
      const { features, taps } = clip.vision.forward(pixels, { taps: clip.config.outBlocks });
      return { features, taps: taps.map((tap) => slice(tap, [null, [1, tap.shape[1]]])) };
    };
    const banks = taps(good).taps.map((tap) => packBank(reshape(tap, [1, -1, tap.shape[2]])));
    const seen = taps(shown);
    return {
      text: textScore(seen.features, classPrototypes(clip.text!, tokenizer, className), scale),
      residual: max(patchResiduals(seen.taps, banks).map, 1),
    };
  });
  const areas = [];
  for (const scores of [text, residual]) {
    areas.push(auroc(labels, [...(await scores.data())]) ?? Number.NaN);
  }
  for (const each of [good, shown, text, residual]) each.dispose();
  return { text: areas[0]!, residual: areas[1]! };
}

async function upload({ device, config }: Clip, samples: readonly Sample[]): Promise<Tensor> {
  const { size } = config.preprocess;
  const plane = 3 * size * size;
  const values = new Float32Array(samples.length * plane);
  for (const [i, sample] of samples.entries()) {
    const [view] = prepareImage(await sample.load(), config.preprocess);
    normalizePixels(view!.pixels, config.preprocess, values, i * plane);
  }
  return tensor(device, values, [samples.length, 3, size, size]);
}
