import type { TextTransformer } from "@inctrl/clip";
import { crossEntropy, nn, optim, scope, type Tensor, tensor } from "@inctrl/tensor";
import { type Context, contextLogits } from "./context.js";
import type { ContextPrompt } from "./prompt.js";

/** Images of a step and the texts of their classes. */
export interface ContextBatch {
  /** Class features, [images, d]. */
  readonly images: Tensor;
  /** (normal, anomalous) of each class. */
  readonly prompts: readonly ContextPrompt[];
  /** The class of each image, an index of pairs in `prompts`. */
  readonly classes: readonly number[];
  /** 0 normal, 1 anomalous. */
  readonly labels: readonly number[];
}

/** Learning rate of an epoch in the released program: 1e-5 in the first, then half a cosine of `rate` over `epochs`, counted anew. */
export const contextRates = (rate: number, epochs: number, steps: number): optim.Schedule =>
  optim.byEpoch(steps, optim.hold(1, 1e-5, optim.cosine(rate, epochs)));

/** The optimiser of the released program: SGD with momentum .9 and weight decay 5e-4, on the context too. */
export const contextOptimizer = (context: Context, lr: number | optim.Schedule): optim.SGD =>
  new optim.SGD([context.vectors], { lr, momentum: 0.9, weightDecay: 5e-4 });

/** Cross-entropy of a batch and its gradient by the context. */
export function contextLoss(
  context: Context,
  text: TextTransformer,
  { images, prompts, classes, labels }: ContextBatch,
  scale: number,
): { value: Tensor; gradients: Tensor[]; rest: { texts: Tensor; logits: Tensor } } {
  return scope(() =>
    nn.gradientsOf([context.vectors], () => {
      const texts = context.features(text, prompts);
      const logits = contextLogits(images, texts, classes, scale);
      const loss = crossEntropy(logits, tensor(images.device, Int32Array.from(labels)));
      return [loss, { texts, logits }] as const;
    }),
  );
}
