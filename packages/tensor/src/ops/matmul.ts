import { isRecording, recorded } from "../autograd/record.js";
import { check } from "../errors.js";
import { type GemmVariant, gemmKernel } from "../kernels/gemm.js";
import type { Activation } from "../kernels/math.js";
import { planGemm } from "../kernels/plan.js";
import { scope } from "../scope.js";
import { broadcastShapes, formatShape, type Shape, sameShape, sizeOf } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { add, gelu, geluTanh, quickGelu, relu, sigmoid, tanh } from "./elementwise.js";
import { launch } from "./launch.js";
import { layerNorm } from "./norm.js";
import { PackedMatrix, packMatrix } from "./packed.js";
import { expand } from "./shape.js";

export interface MatmulOptions {
  /** `a` holds [..., k, m]. */
  transposeA?: boolean;
  /** `b` holds [..., n, k]. */
  transposeB?: boolean;
  /** Added to each row, [n]. */
  bias?: Tensor;
  /** Applied after the bias. */
  activation?: Activation;
  /** Added last; the output's shape. */
  residual?: Tensor;
  /** Multiplies the product before the bias. Default 1. */
  scale?: number;
  /**
   * Normalises the rows of `a` first, as `layerNorm` does without weight and bias; with a matrix of `foldLayerNorm` in the product
   * itself where the device can. eps is 1e-5 by default.
   */
  layerNorm?: { eps?: number };
}

/**
 * Matrix product with leading axes broadcast, and what follows it fused: activation(scale * a @ b + bias) + residual.
 *
 * @param a [..., m, k].
 * @param b [..., k, n], or a matrix packed once by `packMatrix`.
 * @returns [..., m, n], float32.
 * @throws TensorError `shape` where inner sizes differ or leading axes do not broadcast.
 * @example
 * const y = matmul(x, weight, { transposeB: true, bias, activation: "gelu" });
 */
export function matmul(a: Tensor, b: Tensor | PackedMatrix, options: MatmulOptions = {}): Tensor {
  const { layerNorm: norm, ...rest } = options;
  if (norm && !normsItself(b, options)) return scope(() => matmul(layerNorm(a, norm), b, rest));
  if (!isRecording()) return scope(() => product(a, b, options));
  // On a tape an activation is an op of its own, since its gradient needs what came before it.
  const { transposeA = false, transposeB = false, scale = 1, bias, activation, residual } = options;
  return scope(() => {
    const plain = { transposeA, transposeB, scale };
    const last = activation ? undefined : residual;
    const made = recorded("matmul", [a, b, bias, last], plain, () =>
      scope(() => product(a, b, { ...plain, bias, residual: last })),
    );
    if (!activation) return made;
    const active = ACTIVATE[activation](made);
    return residual ? add(active, residual) : active;
  });
}

/** Whether the product takes a layer norm over: its rows' deviations are summed beside it, their means are nothing to its columns. */
const normsItself = (b: Tensor | PackedMatrix, { transposeA }: MatmulOptions): boolean =>
  b instanceof PackedMatrix &&
  b.centred &&
  !transposeA &&
  !isRecording() &&
  b.panels.device.caps.family === "subgroup";

const ACTIVATE: Record<Activation, (x: Tensor) => Tensor> = {
  relu,
  sigmoid,
  tanh,
  gelu,
  gelu_tanh: geluTanh,
  quick_gelu: quickGelu,
};

function product(a0: Tensor, b: Tensor | PackedMatrix, options: MatmulOptions): Tensor {
  const { transposeA = false, transposeB = false, bias, residual, activation, scale = 1 } = options;
  const norm = options.layerNorm;
  checkOperands(a0, b, transposeA, transposeB);
  const a = cast(a0, "float32");
  const [m, k] = rowsOf(a, transposeA);
  const n = b instanceof PackedMatrix ? b.n : b.shape[b.rank - (transposeB ? 2 : 1)];
  const aLead = a.shape.slice(0, -2);
  const bLead = b instanceof PackedMatrix ? (b.batch === 1 ? [] : [b.batch]) : b.shape.slice(0, -2);
  const lead = broadcastShapes("matmul", aLead, bLead);
  const outShape = [...lead, m, n];
  const { left, right, plain, batch, rows, aStep, shared } = align(a, b, aLead, bLead, lead, options);
  commonDevice("matmul", [a, right, ...(bias ? [bias] : []), ...(residual ? [residual] : [])]);
  if (bias) checkSize("bias", bias, [n]);
  if (residual) checkSize("residual", residual, outShape);
  const out = Tensor.empty(a.device, outShape);
  const variant: GemmVariant = {
    tile: planGemm(rows, k, n, a.device.caps, a.device.tuning),
    half: right.dtype === "float16",
    ...((transposeA || plain) && { lie: { transposed: transposeA, plain } }),
    bias: bias !== undefined,
    activation: activation ?? null,
    residual: residual !== undefined,
    ...(norm && { normed: true }),
    aligned: n % 4 === 0,
  };
  const kernel = gemmKernel(variant);
  const { tile } = variant;
  const height = tile.kind === "workgroup" ? 16 * tile.rows : tile.rows;
  launch(
    kernel,
    {
      a: left,
      panels: right,
      out,
      ...(bias ? { bias: cast(bias, "float32") } : {}),
      ...(residual ? { residual: cast(residual, "float32") } : {}),
    },
    {
      m: rows,
      n,
      k,
      aBatch: aStep,
      panelBatch: shared ? 0 : right.size / batch / 4,
      scale,
      ...(norm && { eps: norm.eps ?? 1e-5 }),
    },
    out.size === 0
      ? [0, 0, 0]
      : [Math.ceil(rows / height), Math.ceil(n / (tile.lanes * 4 * tile.vectors)), batch],
    2 * batch * rows * n * k,
  );
  return out;
}

/** Rows and inner size of a left operand. */
const rowsOf = (a: Tensor, transposed: boolean): [m: number, k: number] => {
  const [first, last] = a.shape.slice(-2);
  return transposed ? [last, first] : [first, last];
};

/** A right operand of more columns is packed all the same: its rows lie too far apart for a CPU's caches. */
const WIDEST_PLAIN = 1024;

/** The right operand's values as a kernel reads them: in panels, or as they lie. */
function rightValues(b: Tensor | PackedMatrix, transposed: boolean): { right: Tensor; plain: boolean } {
  if (b instanceof PackedMatrix) return { right: b.panels, plain: false };
  const n = b.shape[b.rank - 1];
  const source = cast(b, "float32");
  if (!transposed && n % 4 === 0 && n <= WIDEST_PLAIN) return { right: source, plain: true };
  return { right: packMatrix(source, { transposed }).panels, plain: false };
}

/** Brings both operands to one batch axis; a right operand shared by all folds the batch of `a` into its rows. */
function align(
  a: Tensor,
  b: Tensor | PackedMatrix,
  aLead: Shape,
  bLead: Shape,
  lead: Shape,
  { transposeA = false, transposeB = false }: MatmulOptions,
) {
  const [m, k] = rowsOf(a, transposeA);
  if (sizeOf(bLead) === 1) {
    const right = rightValues(b, transposeB);
    const folds = !transposeA || sizeOf(aLead) === 1;
    const [batch, rows] = folds ? [1, sizeOf(aLead) * m] : [sizeOf(aLead), m];
    return { left: a, ...right, batch, rows, aStep: folds ? 0 : m * k, shared: true };
  }
  const batch = sizeOf(lead);
  if (b instanceof PackedMatrix) {
    check(
      sameShape(bLead, lead) || b.batch === batch,
      "shape",
      () =>
        `matmul: a is ${formatShape(a.shape)} and the packed b has ${b.batch} matrices; give a as many, or one`,
    );
  }
  const full =
    b instanceof PackedMatrix || sameShape(bLead, lead) ? b : expand(b, [...lead, ...b.shape.slice(-2)]);
  const left = sizeOf(aLead) === 1 || sameShape(aLead, lead) ? a : expand(a, [...lead, ...a.shape.slice(-2)]);
  const aStep = left.size === m * k ? 0 : m * k;
  return { left, ...rightValues(full, transposeB), batch, rows: m, aStep, shared: false };
}

function checkOperands(a: Tensor, b: Tensor | PackedMatrix, transposeA: boolean, transposeB: boolean): void {
  const bShape = b instanceof PackedMatrix ? [b.k, b.n] : b.shape;
  check(
    a.rank >= 2 && bShape.length >= 2,
    "shape",
    () =>
      `matmul: a is ${formatShape(a.shape)} and b ${formatShape(bShape)}; both need two axes or more (reshape a vector to ` +
      "[1, k] or [k, 1])",
  );
  const inner = a.shape[a.rank - (transposeA ? 2 : 1)];
  const other = b instanceof PackedMatrix ? b.k : bShape[bShape.length - (transposeB ? 1 : 2)];
  check(inner === other, "shape", () => {
    const otherWay = b instanceof PackedMatrix ? -1 : bShape[bShape.length - (transposeB ? 2 : 1)];
    const hint =
      inner === otherWay
        ? `; did you mean transposeB: ${!transposeB}?`
        : "; they must be equal (the last axis of a, the second last of b)";
    return `matmul: inner sizes differ: a is ${formatShape(a.shape)}, b is ${formatShape(bShape)}${hint}`;
  });
}

function checkSize(name: string, tensor: Tensor, shape: Shape): void {
  check(
    sameShape(tensor.shape, shape) || (tensor.size === sizeOf(shape) && name === "residual"),
    "shape",
    () => `matmul: ${name} is ${formatShape(tensor.shape)} and must be ${formatShape(shape)}`,
  );
}
