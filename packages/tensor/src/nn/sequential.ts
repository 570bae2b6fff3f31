import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { type Layer, Module } from "./module.js";

/**
 * Layers one after the other, modules or plain functions, named by their places: `0.weight`, `2.weight`.
 *
 * @example
 * const head = new nn.Sequential(new nn.Linear(4, 8), relu, new nn.Linear(8, 1)).to(device);
 * const y = head.forward(x);
 */
export class Sequential extends Module {
  readonly [place: number]: (Module & Layer) | ((x: Tensor) => Tensor);
  readonly length: number;

  constructor(...layers: readonly ((Module & Layer) | ((x: Tensor) => Tensor))[]) {
    super();
    this.length = layers.length;
    // Fields of their own, so that the names are those of PyTorch.
    Object.assign(this, layers);
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      let y = x;
      for (let i = 0; i < this.length; i++) {
        const layer = this[i];
        y = typeof layer === "function" ? layer(y) : layer.forward(y);
      }
      return y;
    });
  }
}
