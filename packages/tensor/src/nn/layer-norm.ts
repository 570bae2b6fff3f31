import { layerNorm } from "../ops/norm.js";
import type { Tensor } from "../tensor.js";
import { filledWith } from "./initial.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/**
 * Layer normalisation over the last axis (Ba et al. 2016) with a learned gain and bias, which start as 1 and 0.
 *
 * @example
 * const norm = new nn.LayerNorm(896).to(device);
 * const y = norm.forward(x); // [..., 896]
 */
export class LayerNorm extends Module {
  /** [width]. */
  readonly weight: Parameter;
  /** [width]. */
  readonly bias: Parameter;
  readonly eps: number;

  /** @param options.eps is added to the variance. Default 1e-5. */
  constructor(width: number, { eps = 1e-5 }: { eps?: number } = {}) {
    super();
    this.weight = new Parameter([width], { role: "gain", initial: filledWith(1) });
    this.bias = new Parameter([width], { role: "bias" });
    this.eps = eps;
  }

  /** @param x [..., width]. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, { weight: this.weight.value, bias: this.bias.value, eps: this.eps });
  }
}
