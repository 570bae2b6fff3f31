import type { TextTransformer, Tokenizer } from "@inctrl/clip";
import {
  concat,
  matmul,
  mean,
  normalize,
  reshape,
  scope,
  slice,
  softmax,
  type Tensor,
  unsqueeze,
} from "@inctrl/tensor";
import { type Ensemble, promptTexts } from "./prompts.js";

/** The inverse temperature at which CLIP's training ends, as InCTRL uses it. */
export const LOGIT_SCALE = 100;

/** Prompts encoded at a time: bounds the memory of long ensembles. */
const CHUNK = 64;

/** Texts of a class, and what is made of their features. */
export interface PromptForm {
  /** Default "winclip". */
  readonly ensemble?: Ensemble;
  /** Default "unit". */
  readonly average?: TextAverage;
}

/** How the features of texts are averaged: each at length 1, or as they are. The mean is normalised in either case. */
export type TextAverage = "unit" | "raw";

/**
 * The normal and the anomalous text prototype: each prompt's feature normalised, their mean, normalised again.
 *
 * @param ids token ids of the texts, in rows of `length`.
 * @returns [2, embedDim]: F_n, then F_a (paper, section 3.4).
 */
export function prototypesFromIds(
  text: TextTransformer,
  ids: { normal: Int32Array; anomaly: Int32Array; length: number },
  average: TextAverage = "unit",
): Tensor {
  const { normal, anomaly, length } = ids;
  return scope(() => {
    const prototype = (tokens: Int32Array) => {
      const parts: Tensor[] = [];
      for (let at = 0; at < tokens.length; at += CHUNK * length) {
        const some = tokens.subarray(at, at + CHUNK * length);
        parts.push(
          scope(() => {
            const features = text.forward(some, length);
            return average === "unit" ? normalize(features) : features;
          }),
        );
      }
      return unsqueeze(normalize(mean(concat(parts, 0), 0)), 0);
    };
    return concat([prototype(normal), prototype(anomaly)], 0);
  });
}

/** The prototypes of a class by its name, by default from the paper's prompt ensemble. [2, embedDim]. */
export function classPrototypes(
  text: TextTransformer,
  tokenizer: Tokenizer,
  className: string,
  { ensemble, average }: PromptForm = {},
): Tensor {
  const { contextLength: length } = text.text;
  const ids = (texts: readonly string[]) => tokenizer.tokenize(texts, length);
  const { normal, anomaly } = promptTexts(className, ensemble);
  return prototypesFromIds(text, { normal: ids(normal), anomaly: ids(anomaly), length }, average);
}

/**
 * s_a: the share of the anomalous prototype in softmax(scale cos(x, F_n), scale cos(x, F_a)).
 *
 * @param features class features, [batch, embedDim].
 * @param prototypes [2, embedDim].
 * @param scale the configuration's `text.logitScale`; the paper's 100 where it has none.
 * @returns [batch].
 */
export function textScore(features: Tensor, prototypes: Tensor, scale = LOGIT_SCALE): Tensor {
  return scope(() => {
    const logits = matmul(normalize(features), prototypes, { transposeB: true, scale });
    return reshape(slice(softmax(logits), [null, [1, 2]]), [features.shape[0]]);
  });
}
