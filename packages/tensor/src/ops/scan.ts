import { wgslScalar } from "../dtype.js";
import { planScan, type ScanOperation, type ScanVariant, scanKernel } from "../kernels/scan.js";
import { around, normalizeAxis } from "../shape.js";
import { Tensor } from "../tensor.js";
import { defineOp, NUMBERS, type Op } from "./define.js";
import { mul } from "./elementwise.js";
import { type Launch, launch } from "./launch.js";
import { FLAG } from "./options.js";
import { countOf, defineReduction, keptShape, type Rows } from "./reduce-run.js";
import { alongAxis } from "./reference.js";
import { permute, reshape } from "./shape.js";

/** How a scan runs; both default to false. */
interface Direction {
  reverse?: boolean;
  exclusive?: boolean;
}

const linesOf = (x: Tensor, axis: number): Rows => ({ x, ...around(x.shape, axis) });

/** The launch of one scan kernel over the parts of all lines. */
function plan({ x, outer, n, inner }: Rows, variant: Omit<ScanVariant, "type">) {
  const { parts, chunk } = planScan(outer * inner, n, x.device.caps);
  return {
    parts,
    kernel: scanKernel({ ...variant, type: wgslScalar(x.dtype) }),
    uniforms: { n, inner, parts, chunk },
    over: [outer * parts * inner] as const,
  };
}

/** Folds each part of each line to one value, [outer, parts, inner]. */
function foldParts(lines: Rows, operation: ScanOperation, reverse: boolean): Rows {
  const { x, outer, inner } = lines;
  const { parts, ...run } = plan(lines, { operation, reverse, exclusive: false, mode: "fold" });
  const folded = Tensor.empty(x.device, [outer, parts, inner], x.dtype);
  launch({ ...run, tensors: { x, out: folded } });
  return { x: folded, outer, n: parts, inner };
}

/** The launch that gives running sums or products. */
function planRunning(
  lines: Rows,
  operation: ScanOperation,
  { reverse = false, exclusive = false }: Direction,
): Launch {
  const { x } = lines;
  const { parts, ...whole } = plan(lines, { operation, reverse, exclusive, mode: "whole" });
  if (parts === 1) return { ...whole, tensors: { x } };
  const folded = foldParts(lines, operation, reverse);
  const before = Tensor.empty(x.device, folded.x.shape, x.dtype);
  const inner = planRunning(folded, operation, { exclusive: true });
  launch({ ...inner, tensors: { ...inner.tensors, out: before } });
  const { parts: _, ...run } = plan(lines, { operation, reverse, exclusive, mode: "continued" });
  return { ...run, tensors: { x, before } };
}

/** The launch that gives the sum or product of each line. */
function planFold(lines: Rows, operation: ScanOperation): Launch {
  const { parts, ...run } = plan(lines, { operation, reverse: false, exclusive: false, mode: "fold" });
  if (parts === 1) return { ...run, tensors: { x: lines.x } };
  return planFold(foldParts(lines, operation, false), operation);
}

/**
 * Running sums along an axis; the shape stays. Whole numbers stay whole and wrap.
 *
 * @param axis default -1.
 * @param options.reverse runs from the end of the axis to its start.
 * @example cumsum(tensor([1, 2, 3])); // 1, 3, 6
 */
export const cumsum: Op<[x: Tensor, axis?: number, options?: { reverse?: boolean }]> = defineOp("cumsum", {
  check: (x: Tensor, axis?: number, options: { reverse?: boolean } = {}) => ({
    x,
    axis: normalizeAxis("cumsum", axis ?? -1, x.rank),
    reverse: options.reverse ?? false,
  }),
  options: { at: 2, takes: { reverse: FLAG } },
  takes: NUMBERS,
  shape: ({ x }) => x.shape,
  dtype: ({ x }) => x.dtype,
  kernel: ({ x, axis, reverse }) => planRunning(linesOf(x, axis), "sum", { reverse }),
  flop: ({ x }) => x.size,
  vjp: { x: ({ g, axis, reverse }) => cumsum(g, axis, { reverse: !reverse }) },
  reference: ({ x, axis, reverse }) =>
    alongAxis(x, axis, (row) => {
      const ordered = reverse ? row.toReversed() : row;
      let total = 0;
      const sums = ordered.map((v) => (total += v));
      return reverse ? sums.reverse() : sums;
    }),
});

/**
 * The product over axes; 1 over empty ones. Whole numbers stay whole and wrap.
 *
 * @example prod(tensor([2, 3, 4])); // 24
 */
export const prod = defineReduction("prod", {
  takes: NUMBERS,
  empty: 1,
  launch: (rows) => planFold(rows, "product"),
  saves: ["x"],
  vjp: ({ g, x, axes }) =>
    x.size === 0 ? mul(x, 0) : mul(productOfOthers(x, axes), g.view(keptShape(x.shape, axes))),
  reference: (row) => row.reduce((a, b) => a * b, 1),
});

/** For each value the product of the others over the axes, without a division, so that zeros are exact. */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const order = [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
  const moved = permute(x, order);
  const n = countOf(x.shape, axes);
  const rows = reshape(moved, [x.size / n, n]);
  const others = mul(running(rows, {}), running(rows, { reverse: true }));
  return permute(
    reshape(others, moved.shape),
    order.map((_, axis) => order.indexOf(axis)),
  );
}

/** Running products along the last axis, each without its own value. */
function running(x: Tensor, { reverse }: Direction): Tensor {
  const out = Tensor.empty(x.device, x.shape, x.dtype);
  if (out.size === 0) return out;
  const run = planRunning(linesOf(x, x.rank - 1), "product", { reverse, exclusive: true });
  launch({ ...run, tensors: { ...run.tensors, out } });
  return out;
}
