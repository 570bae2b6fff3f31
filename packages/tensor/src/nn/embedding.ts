import { gather, type Indices } from "../ops/gather.js";
import type { Tensor } from "../tensor.js";
import { type Initial, normally } from "./initial.js";
import { Module } from "./module.js";
import { type FreezeOptions, Parameter } from "./parameter.js";

/**
 * A learned vector for each of `count` indices, at first normally distributed.
 *
 * @example
 * const tokens = new nn.Embedding(49408, 512, { seed: 7 }).to(device);
 * const x = tokens.forward(ids); // [b, 77] gives [b, 77, 512]
 */
export class Embedding extends Module {
  /** [count, width]. */
  readonly weight: Parameter;

  constructor(count: number, width: number, initial: Initial = {}) {
    super();
    this.weight = new Parameter([count, width], { role: "embedding", initial: normally(initial) });
  }

  /** @param indices whole numbers of any shape, as for `gather`. */
  forward(indices: Indices): Tensor {
    return gather(this.weight.value, indices);
  }

  override freeze(options: FreezeOptions = {}): this {
    super.freeze(options);
    this.weight.convert(options.dtype ?? "float32");
    return this;
  }
}
