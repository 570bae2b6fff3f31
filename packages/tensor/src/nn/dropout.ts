import { once } from "../autograd/replay.js";
import { check } from "../errors.js";
import { where } from "../ops/comparison.js";
import { mul } from "../ops/elementwise.js";
import { reshape } from "../ops/shape.js";
import { bernoulli } from "../random.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import type { Initial } from "./initial.js";
import { Module } from "./module.js";

/**
 * Training zeroes each value with a probability p and divides the others by 1 - p (Srivastava et al. 2014); otherwise the input
 * is returned as it is. The choice is a function of seed, stream and the number of values drawn before.
 *
 * @example
 * const dropout = new nn.Dropout(0.1, { seed: 7 });
 * const y = dropout.train().forward(x);
 */
export class Dropout extends Module {
  readonly probability: number;
  /** Number of values drawn so far; save and set it to resume training exactly. */
  drawn = 0;
  readonly #source: { seed: number; stream: number };

  /** @param probability of a zero, 0 to 1. */
  constructor(probability: number, { seed = 0, stream = 0 }: Omit<Initial, "offset"> = {}) {
    super();
    check(
      probability >= 0 && probability <= 1,
      "argument",
      () => `Dropout: probability ${probability} must be between 0 and 1`,
    );
    this.probability = probability;
    this.#source = { seed, stream };
  }

  forward(x: Tensor): Tensor {
    if (!this.training || this.probability === 0) return reshape(x, x.shape);
    const left = 1 - this.probability;
    const offset = once(() => {
      const start = this.drawn;
      this.drawn += x.size;
      return start;
    });
    return scope(() => {
      const kept = bernoulli(x.device, x.shape, left, { ...this.#source, offset });
      return where(kept, mul(x, left === 0 ? 0 : 1 / left), 0);
    });
  }
}
