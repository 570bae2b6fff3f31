import { check } from "../errors.js";
import type { Activation } from "../kernels/math.js";
import { add, mul } from "../ops/elementwise.js";
import { foldLayerNorm } from "../ops/fold.js";
import { matmul } from "../ops/matmul.js";
import { PackedMatrix, packMatrix } from "../ops/packed.js";
import { reshape, unsqueeze } from "../ops/shape.js";
import { scope } from "../scope.js";
import type { Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { type Initial, uniformWithin } from "./initial.js";
import type { LayerNorm } from "./layer-norm.js";
import { Module } from "./module.js";
import { type FreezeOptions, onceAllFilled, Parameter } from "./parameter.js";

export interface LinearOptions extends Initial {
  /** Default true. */
  bias?: boolean;
  /** The weight starts uniform within ±bound. Default 1 / sqrt(inputs). */
  bound?: number;
  /** The same for the bias. Default 1 / sqrt(inputs). */
  biasBound?: number;
  /** The weight's shape in checkpoints where it is another than [outputs, inputs], such as a convolution's. */
  weightShape?: Shape;
}

/** Layers around a product that run in its kernel where they can. */
export interface Fused {
  /** A layer norm of the input, before the product. */
  norm?: LayerNorm;
  /** After the bias. */
  activation?: Activation;
  /** Multiplies each output after that, [outputs]: a layer scale. */
  gain?: Parameter;
  /** Added last; the output's shape. */
  residual?: Tensor;
}

/** Layers that `freeze` folds into a product, and that `forward` must then be given. */
export interface FoldOptions extends FreezeOptions, Pick<Fused, "norm" | "gain"> {}

/**
 * x weight^T + bias. Weight and bias start uniform within ±1 / sqrt(inputs), PyTorch's default. `freeze` packs the weight.
 *
 * @example
 * const fc = new nn.Linear(896, 128, { seed: 7 }).to(device);
 * const y = fc.forward(x); // [..., 896] gives [..., 128]
 */
export class Linear extends Module {
  /** [outputs, inputs]. */
  readonly weight: Parameter;
  /** [outputs]. */
  readonly bias: Parameter | null;
  /** The layer norm that `freeze` has folded in. */
  #folded: LayerNorm | null = null;
  /** The gain that it has folded in. */
  #gain: Parameter | null = null;

  constructor(inputs: number, outputs: number, options: LinearOptions = {}) {
    super();
    const { bias = true, offset = 0, bound = inputs > 0 ? 1 / Math.sqrt(inputs) : 0 } = options;
    const { biasBound = bound, weightShape = [outputs, inputs] } = options;
    this.weight = new Parameter(weightShape, { role: "weight", initial: uniformWithin(bound, options) });
    const initial = uniformWithin(biasBound, { ...options, offset: offset + outputs * inputs });
    this.bias = bias ? new Parameter([outputs], { role: "bias", initial }) : null;
  }

  /**
   * activation(norm(x) weight^T + bias) gain + residual.
   *
   * @param x [..., inputs], also of rank 1.
   */
  forward(x: Tensor, { norm, activation, gain, residual }: Fused = {}): Tensor {
    const folded = this.#folded;
    check(
      (!folded || norm === folded) && (!this.#gain || gain === this.#gain),
      "argument",
      () => "Linear: it was frozen with a layer norm or a gain folded in; pass the same to forward",
    );
    return scope(() => {
      if (gain && !this.#gain) {
        const y = mul(this.forward(x, { norm, activation }), gain.value);
        return residual ? add(y, residual) : y;
      }
      const rows = x.rank === 1 ? reshape(x, [1, -1]) : x;
      const y = matmul(norm && !folded ? norm.forward(rows) : rows, this.#matrix(), {
        transposeB: true,
        bias: this.bias?.value,
        layerNorm: folded ? { eps: folded.eps } : undefined,
        activation,
        residual,
      });
      return x.rank === 1 ? reshape(y, [-1]) : y;
    });
  }

  /**
   * Packs the weight.
   *
   * @param options.norm, options.gain one of them is folded into weight and bias and must then be given to `forward`, a gain without
   * an activation; not in float16, since products of values that are exact there may not be.
   */
  override freeze(options: FoldOptions = {}): this {
    const { norm, gain, dtype = "float32" } = options;
    const { weight, bias } = this;
    if (gain && !norm && dtype === "float32" && weight.trainable) {
      weight.freeze({ packs: false });
      onceAllFilled([weight, gain, ...(bias ? [bias] : [])], () => {
        this.#gain = gain;
        const scaled = () => mul(this.#matrix() as Tensor, unsqueeze(gain.value, 1));
        weight.replace(scope(() => packMatrix(scaled(), { transposed: true })));
        bias?.replace(scope(() => mul(bias.value, gain.value)));
      });
    }
    if (norm && bias && dtype === "float32" && weight.trainable) {
      weight.freeze({ packs: false });
      onceAllFilled([weight, bias, norm.weight, norm.bias], () => {
        const values = { weight: norm.weight.value, bias: norm.bias.value };
        const made = scope(() => foldLayerNorm(this.#matrix() as Tensor, bias.value, values));
        this.#folded = norm;
        weight.replace(made.matrix);
        bias.replace(made.bias);
      });
    }
    return super.freeze({ dtype });
  }

  #matrix(): Tensor | PackedMatrix {
    const { matrix, shape } = this.weight;
    return matrix instanceof PackedMatrix || shape.length === 2 ? matrix : reshape(matrix, [shape[0], -1]);
  }
}
