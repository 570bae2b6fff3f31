import {
  abs,
  add,
  exp,
  lessEqual,
  log,
  maximum,
  mean,
  mul,
  neg,
  pow,
  relu,
  scope,
  sub,
  type Tensor,
  where,
} from "@inctrl/tensor";

/**
 * How the loss reads the model's output, which is a probability: as one (the paper), or as a logit, by mistake, as the released
 * code does; the latter is there to reproduce it.
 */
export type LossForm = "probability" | "logits";

/** Weight of hard examples. */
const GAMMA = 2;
/** What the logarithm of 0 counts as, in PyTorch's binary cross-entropy too. */
const LOG_FLOOR = -100;
/** The smallest normal float32. */
const TINY = 2 ** -126;

/**
 * Focal loss (Lin et al. 2017): (1 - p_t)^2 times the cross-entropy, mean over the batch.
 *
 * @param output s_i or the final score, [batch].
 * @param labels 0 or 1, float32 [batch].
 * @returns one value.
 */
export function focalLoss(output: Tensor, labels: Tensor, form: LossForm): Tensor {
  return scope(() => {
    const entropy =
      form === "probability" ? crossEntropy(output, labels) : crossEntropyOfLogits(output, labels);
    const missed = sub(1, exp(neg(entropy)));
    return mean(mul(pow(missed, GAMMA), entropy));
  });
}

function crossEntropy(p: Tensor, y: Tensor): Tensor {
  // A saturated sigmoid gives exactly 0 or 1: neither the logarithm nor its slope, 1 / x, may be taken there.
  const bounded = (x: Tensor) => where(lessEqual(x, TINY), LOG_FLOOR, log(maximum(x, TINY)));
  return neg(add(mul(y, bounded(p)), mul(sub(1, y), bounded(sub(1, p)))));
}

/** max(x, 0) - x y + log(1 + exp(-|x|)), which overflows nowhere. */
function crossEntropyOfLogits(x: Tensor, y: Tensor): Tensor {
  return add(sub(relu(x), mul(x, y)), log(add(exp(neg(abs(x))), 1)));
}
