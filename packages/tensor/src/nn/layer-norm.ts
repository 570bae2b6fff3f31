import { ones, zeros } from "../create.js";
import type { Device } from "../device/device.js";
import { layerNorm } from "../ops/norm.js";
import type { Tensor } from "../tensor.js";
import { Module, Parameter } from "./module.js";

/**
 * Layer normalisation over the last axis with a learned factor and shift, which start as 1 and 0.
 *
 * @example
 * const norm = new nn.LayerNorm(device, 896);
 * const y = norm.forward(x); // [..., 896]
 */
export class LayerNorm extends Module {
  /** [width]. */
  readonly weight: Parameter;
  /** [width]. */
  readonly bias: Parameter;
  readonly #eps: number;

  /** @param options.eps is added to the variance. Default 1e-5. */
  constructor(device: Device, width: number, { eps = 1e-5 }: { eps?: number } = {}) {
    super();
    this.weight = new Parameter(ones(device, [width]));
    this.bias = new Parameter(zeros(device, [width]));
    this.#eps = eps;
  }

  /** @param x [..., width]. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, { weight: this.weight.value, bias: this.bias.value, eps: this.#eps });
  }
}
