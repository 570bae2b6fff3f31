import { check } from "../errors.js";
import { gemmKernel } from "../kernels/gemm.js";
import { ACTIVATIONS, type Activation } from "../kernels/math.js";
import { matrixKernel } from "../kernels/matrix.js";
import { planGemm } from "../kernels/plan.js";
import { tileHeight, tileWidth } from "../kernels/tile.js";
import { broadcastShapes, checkIs, formatShape, type Shape, sameShape, sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { gelu, geluTanh, quickGelu, relu, sigmoid, tanh } from "./activations.js";
import { defineOp, FLOATS, type Op } from "./define.js";
import { add } from "./elementwise.js";
import type { Launch } from "./launch.js";
import { layerNorm } from "./norm.js";
import { FLAG, group, NUMBER, oneOf, TENSOR } from "./options.js";
import { PackedMatrix, packMatrix, refusePacked } from "./packed.js";
import { generate, total, valueAt } from "./reference.js";
import { expand, unbroadcast } from "./sum.js";

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
   * Normalises the rows of `a` first, as `layerNorm` does without weight and bias. With a matrix of `foldLayerNorm` the product itself
   * does so where the device can. eps is 1e-5 by default.
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
export const matmul: Op<[a: Tensor, b: Tensor | PackedMatrix, options?: MatmulOptions]> = defineOp("matmul", {
  check: (a: Tensor, b: Tensor | PackedMatrix, options: MatmulOptions = {}) => checkProduct(a, b, options),
  options: {
    at: 2,
    takes: {
      transposeA: FLAG,
      transposeB: FLAG,
      bias: TENSOR,
      activation: oneOf(...Object.keys(ACTIVATIONS)),
      residual: TENSOR,
      scale: NUMBER,
      layerNorm: group({ eps: NUMBER }),
    },
  },
  takes: FLOATS,
  shape: outShape,
  kernel: plan,
  flop: ({ k }, out) => 2 * out.size * k,
  onTape: composed,
  saves: { a: ["b"], b: ["a"] },
  vjp: {
    a: ({ g, b, shapes, transposeA, transposeB, scale }) => {
      refusePacked("matmul", b);
      const made = transposeA
        ? matmul(b, g, { transposeA: transposeB, transposeB: true, scale })
        : matmul(g, b, { transposeB: !transposeB, scale });
      return unbroadcast(made, shapes.a);
    },
    b: ({ g: g0, a: a0, shapes, transposeA, transposeB, scale }) => {
      // One weight for all rows: one long product instead of one for each matrix of the batch and their sum.
      const folds = shapes.b.length === 2 && !transposeA;
      const folded = (t: Tensor) => t.view([sizeOf(t.shape.slice(0, -1)), t.shape[t.rank - 1]]);
      const [g, a] = folds ? [folded(g0), folded(a0)] : [g0, a0];
      const made = transposeB
        ? matmul(g, a, { transposeA: true, transposeB: transposeA, scale })
        : matmul(a, g, { transposeA: !transposeA, scale });
      return unbroadcast(made, shapes.b);
    },
    bias: ({ g, shapes }) => unbroadcast(g, shapes.bias),
    residual: ({ g, shapes }) => g.view(shapes.residual),
  },
  reference: ({ a, b, bias, residual, activation, scale, transposeA, transposeB, k, ...sizes }) =>
    generate([...sizes.lead, sizes.m, sizes.n], (at) => {
      const [i, j] = at.slice(-2);
      const lead = at.slice(0, -2);
      const left = (p: number) => valueAt(a, [...lead, ...(transposeA ? [p, i] : [i, p])]);
      const right = (p: number) => valueAt(b, [...lead, ...(transposeB ? [j, p] : [p, j])]);
      const value = scale * total(k, (p) => left(p) * right(p)) + (bias ? bias.values[j] : 0);
      const active = activation ? ACTIVATE[activation].row.reference(value, 0, 0) : value;
      return active + (residual ? valueAt(residual, at) : 0);
    }),
});

/** Activations as ops. */
export const ACTIVATE = { relu, sigmoid, tanh, gelu, gelu_tanh: geluTanh, quick_gelu: quickGelu } as const;

/** On a tape a norm and an activation are ops of their own, since their gradients need their inputs. */
function composed({
  a,
  b,
  transposeA,
  transposeB,
  scale,
  bias,
  activation,
  residual,
  layerNorm: norm,
}: Product) {
  if (!norm && !activation) return null;
  const left = norm ? layerNorm(a, norm) : a;
  const plain = { transposeA, transposeB, scale, bias };
  if (!activation) return matmul(left, b, { ...plain, residual });
  const active = ACTIVATE[activation](matmul(left, b, plain));
  return residual ? add(active, residual) : active;
}

/** A checked product: k, n and m are of one matrix, `lead` are the leading axes of the result. */
type Product = Omit<MatmulOptions, "transposeA" | "transposeB" | "scale"> & {
  a: Tensor;
  b: Tensor | PackedMatrix;
  transposeA: boolean;
  transposeB: boolean;
  scale: number;
  m: number;
  k: number;
  n: number;
  lead: Shape;
};

function outShape({ lead, m, n }: Product): Shape {
  return [...lead, m, n];
}

/** Leading axes of a right operand. */
const leadOf = (b: Tensor | PackedMatrix): Shape => {
  if (b instanceof PackedMatrix) return b.batch === 1 ? [] : [b.batch];
  return b.shape.slice(0, -2);
};

function checkProduct(a: Tensor, b: Tensor | PackedMatrix, options: MatmulOptions): Product {
  const { transposeA = false, transposeB = false, scale = 1 } = options;
  const bShape = b instanceof PackedMatrix ? [b.k, b.n] : b.shape;
  check(
    a.rank >= 2 && bShape.length >= 2,
    "shape",
    () =>
      `matmul: a is ${formatShape(a.shape)} and b ${formatShape(bShape)}; both need two axes or more (reshape a vector to ` +
      "[1, k] or [k, 1])",
  );
  const [m, k] = ends(a.shape, transposeA);
  const [inner, n] = b instanceof PackedMatrix ? [b.k, b.n] : ends(bShape, transposeB);
  check(k === inner, "shape", () => {
    const hint =
      !(b instanceof PackedMatrix) && k === n
        ? `; did you mean transposeB: ${!transposeB}?`
        : "; they must be equal (the last axis of a, the second last of b)";
    return `matmul: inner sizes differ: a is ${formatShape(a.shape)}, b is ${formatShape(bShape)}${hint}`;
  });
  const lead = broadcastShapes("matmul", a.shape.slice(0, -2), leadOf(b));
  check(
    !(b instanceof PackedMatrix) || b.batch === 1 || b.batch === sizeOf(lead),
    "shape",
    () =>
      `matmul: a is ${formatShape(a.shape)} and the packed b has ${b instanceof PackedMatrix && b.batch} matrices; give a as many, or one`,
  );
  const { bias, activation, residual, layerNorm } = options;
  // Not spread: copying options of many forms took a fifth of the time to plan a transformer.
  const call = { bias, activation, residual, layerNorm, a, b, transposeA, transposeB, scale, m, k, n, lead };
  checkIs("matmul: bias", bias, [n]);
  if (residual?.size !== sizeOf(outShape(call))) checkIs("matmul: residual", residual, outShape(call));
  return call;
}

/** The last two sizes of a shape, swapped where it is transposed. */
const ends = (shape: Shape, transposed: boolean): number[] => {
  const last = shape.slice(-2);
  return transposed ? last.reverse() : last;
};

function plan(call: Product, out: Tensor): Launch {
  const { bias, residual, activation, scale, k, n, transposeA, layerNorm: norm } = call;
  const { caps, tuning } = out.device;
  const normed = norm !== undefined && normsItself(call);
  const a = norm && !normed ? layerNorm(call.a, norm) : call.a;
  const { left, right, plain, batch, rows, aStep, shared } = align({ ...call, a });
  const [packed, half] = [!transposeA && !plain, right.dtype === "float16"];
  const tile = planGemm(rows, k, n, caps, tuning, batch, { run: packed ? k : 0, halves: packed && half });
  const variant = {
    tile,
    bias: bias !== undefined,
    activation: activation ?? null,
    residual: residual !== undefined,
    aligned: n % 4 === 0,
  };
  return {
    kernel:
      tile.kind === "matrix" && caps.matrix
        ? matrixKernel({ ...variant, unit: caps.matrix })
        : gemmKernel({
            ...variant,
            half,
            ...(!packed && { layout: { transposed: transposeA, plain, windows: false } }),
            ...(normed && { normed }),
          }),
    tensors: { a: left, panels: right, ...(bias && { bias }), ...(residual && { residual }) },
    uniforms: {
      m: rows,
      n,
      k,
      aBatch: aStep,
      panelBatch: shared ? 0 : right.size / batch / 4,
      scale,
      ...(normed && { eps: norm.eps ?? 1e-5 }),
    },
    grid: [Math.ceil(rows / tileHeight(tile)), Math.ceil(n / tileWidth(tile)), batch],
  };
}

/** Whether the product does the layer norm itself: it sums the deviations of the rows, and its columns cancel their means. */
const normsItself = ({ b, transposeA }: Product): boolean =>
  b instanceof PackedMatrix && b.centred && !transposeA && b.panels.device.caps.family === "subgroup";

/** A right operand of more columns is packed, since its rows lie too far apart for the caches of a CPU. */
const MAX_PLAIN = 1024;

/** The right operand's values as a kernel reads them: in panels, or as they lie. */
function rightValues(b: Tensor | PackedMatrix, transposed: boolean): { right: Tensor; plain: boolean } {
  if (b instanceof PackedMatrix) return { right: b.panels, plain: false };
  const n = b.shape[b.rank - 1];
  if (!transposed && n % 4 === 0 && n <= MAX_PLAIN) return { right: b, plain: true };
  return { right: packMatrix(b, { transposed }).panels, plain: false };
}

/** Brings both operands to one batch axis; a right operand shared by all folds the batch of `a` into its rows. */
function align({ a, b, lead, m, k, transposeA, transposeB }: Product) {
  const [aLead, bLead] = [a.shape.slice(0, -2), leadOf(b)];
  if (sizeOf(bLead) === 1) {
    const right = rightValues(b, transposeB);
    const folds = !transposeA || sizeOf(aLead) === 1;
    const [batch, rows] = folds ? [1, sizeOf(aLead) * m] : [sizeOf(aLead), m];
    return { left: a, ...right, batch, rows, aStep: folds ? 0 : m * k, shared: true };
  }
  const whole = (x: Tensor) => expand(x, [...lead, ...x.shape.slice(-2)]);
  const full = b instanceof PackedMatrix || sameShape(bLead, lead) ? b : whole(b);
  const left = sizeOf(aLead) === 1 || sameShape(aLead, lead) ? a : whole(a);
  const aStep = left.size === m * k ? 0 : m * k;
  return { left, ...rightValues(full, transposeB), batch: sizeOf(lead), rows: m, aStep, shared: false };
}
