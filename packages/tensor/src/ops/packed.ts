import { refuseTracked } from "../autograd/record.js";
import { type DType, isFloat } from "../dtype.js";
import { check } from "../errors.js";
import { panelKernel } from "../kernels/panels.js";
import { panelWidth } from "../kernels/plan.js";
import type { HoldsTensors } from "../scope.js";
import { formatShape, sizeOf } from "../shape.js";
import { checkTensor, Tensor } from "../tensor.js";
import { launch } from "./launch.js";
import { checkOptions, FLAG, FLOAT_TYPE } from "./options.js";

/**
 * A right operand that is packed into column panels once, for many products: a weight, or a bank of rows to search. Holds `batch`
 * matrices of k x n values.
 */
export class PackedMatrix {
  readonly k: number;
  readonly n: number;
  readonly batch: number;
  readonly width: number;
  /** The panels, [batch, ceil(n / width), k, width]. */
  readonly panels: Tensor;
  /** Whether each column sums to 0: a product then does not change when the mean of each row of `a` is subtracted. */
  readonly centred: boolean;

  constructor(panels: Tensor, k: number, n: number, batch: number, width: number, centred = false) {
    this.panels = panels;
    this.k = k;
    this.n = n;
    this.batch = batch;
    this.width = width;
    this.centred = centred;
  }

  get half(): boolean {
    return this.panels.dtype === "float16";
  }

  get bytes(): number {
    return this.panels.bytes;
  }

  tensors(): Tensor[] {
    return [this.panels];
  }

  dispose(): void {
    this.panels.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Throws `argument` where a gradient would have to flow through a packed operand. */
export function refusePacked(where: string, operand: Tensor | HoldsTensors): asserts operand is Tensor {
  check(
    operand instanceof Tensor,
    "argument",
    () =>
      `${where}: nothing flows back through a packed weight; give it as a tensor where gradients are wanted`,
  );
}

export interface PackOptions {
  /** `source` holds [..., n, k] (as a linear layer's weight does) instead of [..., k, n]. */
  transposed?: boolean;
  /** Type of the stored panels: float16 halves the memory and rounds the weights. Default float32. */
  dtype?: Extract<DType, "float32" | "float16">;
}

/**
 * Packs a matrix, or a batch of them, as the right operand of `matmul` or the bank of `nearest`.
 *
 * @param source [..., k, n], or [..., n, k] with `transposed`; float32 or float16.
 * @throws TensorError `shape` below rank 2, `dtype` for other types.
 * @example
 * const weight = packMatrix(w, { transposed: true }); // w: [out, in]
 * const y = matmul(x, weight, { bias });
 */
export function packMatrix(source: Tensor, options: PackOptions = {}): PackedMatrix {
  checkOptions("packMatrix", { at: 1, takes: { transposed: FLAG, dtype: FLOAT_TYPE } }, [source, options]);
  return pack(source, options, {});
}

/** `packMatrix` with a factor for each column, [..., n]. */
export const packScaled = (source: Tensor, options: PackOptions, scale: Tensor): PackedMatrix =>
  pack(source, options, { scale });

/** Packs the weight of a linear layer, [n, k], with a factor for each input, [k], and subtracts the mean of each output, `shift` [n]. */
export const packFolded = (weight: Tensor, factor: Tensor, shift: Tensor): PackedMatrix =>
  pack(weight, { transposed: true }, { factor, shift });

/** Tensors that change the values on their way into the panels, by the names of bindings. */
type Change = { scale?: Tensor; factor?: Tensor; shift?: Tensor };

function pack(source: Tensor, options: PackOptions, change: Change): PackedMatrix {
  const { transposed = false, dtype = "float32" } = options;
  checkTensor("pack", source);
  refuseTracked("pack", source);
  check(source.rank >= 2, "shape", () => `pack: ${formatShape(source.shape)} must have at least two axes`);
  check(isFloat(source.dtype), "dtype", () => `pack: ${source.dtype} values; cast to float32 first`);
  const [last, previous] = [source.shape[source.rank - 1], source.shape[source.rank - 2]];
  const [k, n] = transposed ? [last, previous] : [previous, last];
  const batch = sizeOf(source.shape.slice(0, -2));
  const width = panelWidth(source.device.caps);
  const panels = Tensor.empty(source.device, [batch, Math.ceil(n / width), k, width], dtype);
  const half = dtype === "float16";
  const folded = change.factor !== undefined;
  const kernel = panelKernel({
    transposed,
    sourceHalf: source.dtype === "float16",
    half,
    scaled: change.scale !== undefined,
    folded,
  });
  launch({
    kernel,
    tensors: { source, panels, ...change },
    uniforms: { k, n, width },
    over: [panels.size / width, half ? width / 2 : width],
  });
  return new PackedMatrix(panels, k, n, batch, width, folded);
}
