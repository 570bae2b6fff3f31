import { check } from "../errors.js";
import { pairDistanceKernel } from "../kernels/distance.js";
import { nearestIndexKernel } from "../kernels/nearest.js";
import { planRowKernel } from "../kernels/rows.js";
import { scope } from "../scope.js";
import { checkIs, formatShape, sizeOf } from "../shape.js";
import { checkTensor, Tensor } from "../tensor.js";
import { takeAlongAxis } from "./along-axis.js";
import { rowsAtOnce } from "./columns.js";
import { isNan, where } from "./comparison.js";
import { concat } from "./concat.js";
import { defineOp, FLOATS, INTEGERS } from "./define.js";
import { add, mul, neg, square } from "./elementwise.js";
import { launch } from "./launch.js";
import { matmul } from "./matmul.js";
import { checkSearch, searchParts } from "./nearest.js";
import { type PackedMatrix, packMatrix } from "./packed.js";
import { type HostTensor, total } from "./reference.js";
import { reshape, slice, unsqueeze } from "./shape.js";
import { sum } from "./sum.js";
import { ranks, topk } from "./topk.js";

/* Search by Euclidean distance. */

/** Rows to search by Euclidean distance, made ready by `packRows`. */
export class PackedRows {
  /** [..., rows, d]. */
  readonly rows: Tensor;
  readonly matrix: PackedMatrix;
  /** -|row|^2 / 2, [..., rows]. */
  readonly shift: Tensor;

  constructor(rows: Tensor, matrix: PackedMatrix, shift: Tensor) {
    this.rows = rows;
    this.matrix = matrix;
    this.shift = shift;
  }

  tensors(): Tensor[] {
    return [this.rows, ...this.matrix.tensors(), this.shift];
  }

  dispose(): void {
    for (const each of this.tensors()) each.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Packs rows for `nearestRows`, once for many queries. Shares the tensor it is given.
 *
 * @param rows [..., rows, d].
 * @example const bank = packRows(patches); // [900, 1024]
 */
export function packRows(rows: Tensor): PackedRows {
  checkTensor("packRows", rows);
  check(rows.rank >= 2, "shape", () => `packRows: ${formatShape(rows.shape)} must be [rows, d]`);
  return scope(() => {
    const shift = mul(sum(square(rows), -1), -0.5);
    return new PackedRows(rows.view(rows.shape), packMatrix(rows, { transposed: true }), shift);
  });
}

/** For each query row the nearest rows of a bank, nearest first. */
export interface NearestRows {
  /** Squared Euclidean distances, [..., k]; NaN where a value of the query row or of the bank is NaN, or a square leaves float32. */
  squared: Tensor;
  /** The rows that are so far, int32 [..., k]. */
  index: Tensor<"int32">;
}

/**
 * For each query row the k rows of a bank that are nearest by Euclidean distance; the matrix of distances is never stored whole. Rows are
 * chosen by |b|^2 / 2 - a.b, whose rounding (about 1e-6 |a| |b|) decides between rows that are so much alike; distances are
 * then summed from differences, so that near rows keep their digits. Of equals the lowest row comes first. With leading axes on
 * both sides each query searches the bank of its own. No gradient flows back.
 *
 * @param query [..., rows, d].
 * @param bank [bankRows, d] for all, [..., bankRows, d], or one packed by `packRows`.
 * @param k default 1.
 * @throws TensorError `shape` where widths or leading axes differ, or the bank is empty; `argument` unless 1 <= k <= bankRows.
 * @example
 * const { squared, index } = nearestRows(query, bank, 5); // [784, 5] each
 */
export const nearestRows = defineOp("nearestRows", {
  check: (query: Tensor, bank: Tensor | PackedRows, k: number = 1) => {
    const sizes = checkSearch("nearestRows", query, bank instanceof PackedRows ? bank.matrix : bank);
    check(
      Number.isInteger(k) && k >= 1 && k <= sizes.rows,
      "argument",
      () => `nearestRows: k is ${k} and the bank has ${sizes.rows} rows; use 1 <= k <= ${sizes.rows}`,
    );
    return { query, bank, k, ...sizes };
  },
  takes: FLOATS,
  forward: ({ query, bank: given, k, banks, d }): NearestRows => {
    const bank = given instanceof PackedRows ? given : packRows(given);
    const rows = reshape(query, [banks, query.size / (banks * d), d]);
    const found = k === 1 ? nearestOne(rows, bank) : nearestMany(rows, bank, k);
    const shape = [...query.shape.slice(0, -1), k];
    return { squared: reshape(found.squared, shape), index: reshape(found.index, shape) as Tensor<"int32"> };
  },
  reference: ({ query, bank, k, banks, rows, d }) => {
    const count = query.values.length / d;
    const found = Array.from({ length: count }, (_, q) => {
      const own = banks === 1 ? 0 : Math.floor((q * banks) / count) * rows;
      const apart = Array.from({ length: rows }, (_, r) => apartness(query, q, bank, own + r, d));
      return ranks(apart, false)
        .slice(0, k)
        .map((row) => ({ row, squared: apart[row] }));
    }).flat();
    return { squared: found.map(({ squared }) => squared), index: found.map(({ row }) => row) };
  },
});

/**
 * Squared Euclidean distances of pairs of rows that an index names, summed from their differences. No gradient flows back.
 *
 * @param query [..., rows, d].
 * @param bank [bankRows, d] for all, or [..., bankRows, d].
 * @param index of bank rows, int32 [..., rows, k]; one outside of the bank takes the nearest end.
 * @returns [..., rows, k].
 * @example const apart = squaredDistances(patches, bank, index);
 */
export const squaredDistances = defineOp("squaredDistances", {
  check: (query: Tensor, bank: Tensor, index: Tensor) => {
    const sizes = checkSearch("squaredDistances", query, bank);
    const k = index.shape[index.rank - 1];
    checkIs("squaredDistances: index", index, [...query.shape.slice(0, -1), k]);
    return { query, bank, index, k, ...sizes };
  },
  takes: { query: FLOATS, bank: FLOATS, index: INTEGERS },
  shape: ({ index }) => index.shape,
  kernel: ({ query, bank, index, k, banks, rows, d }, out) => ({
    kernel: pairDistanceKernel(planRowKernel(d, out.device.caps)),
    tensors: { query, bank, index },
    // Queries of one bank for all never reach the second.
    uniforms: { n: rows, d, k, each: query.size / d / banks },
    over: [out.size],
  }),
  flop: ({ d }, out) => 3 * d * out.size,
  reference: ({ query, bank, index, k, banks, rows, d }) => {
    const count = query.values.length / d;
    return Array.from({ length: count * k }, (_, i) => {
      const q = Math.floor(i / k);
      const own = banks === 1 ? 0 : Math.floor((q * banks) / count) * rows;
      return apartness(query, q, bank, own + Math.min(Math.max(index.values[i], 0), rows - 1), d);
    });
  },
});

const apartness = (a: HostTensor, i: number, b: HostTensor, j: number, d: number): number =>
  total(d, (e) => (a.values[i * d + e] - b.values[j * d + e]) ** 2);

/** @param query [banks, rows, d]. @returns [banks, rows, 1] each. */
function nearestOne(query: Tensor, { rows, matrix, shift }: PackedRows): { squared: Tensor; index: Tensor } {
  const shape = [...query.shape.slice(0, -1), 1];
  const value = Tensor.empty(query.device, shape);
  const index = Tensor.empty(query.device, shape, "int32");
  if (value.size === 0) return { squared: value, index };
  const { parts, ...found } = searchParts(query, matrix, shift);
  launch({
    kernel: nearestIndexKernel(),
    tensors: { ...found, value, index },
    uniforms: { parts },
    over: [value.size],
  });
  return { squared: where(isNan(value), value, squaredDistances(query, banked(rows), index)), index };
}

/** As `nearestOne` for more than one: products of some rows at a time, and the largest of each. */
function nearestMany(query: Tensor, { rows, matrix, shift }: PackedRows, k: number) {
  const [banks, count] = query.shape;
  const step = Math.ceil(rowsAtOnce(count * banks, matrix.n, query.device) / banks);
  const chunks = Array.from({ length: Math.ceil(count / step) }, (_, i) =>
    scope(() => {
      const part = slice(query, [null, [i * step, Math.min(count, (i + 1) * step)]]);
      const products = matmul(part, matrix);
      return topk(add(products, banks === 1 ? shift.view([matrix.n]) : unsqueeze(shift, 1)), k).indices;
    }),
  );
  const index = chunks.length === 0 ? Tensor.empty(query.device, [banks, 0, k], "int32") : concat(chunks, 1);
  const found = topk(neg(squaredDistances(query, banked(rows), index)), k);
  return { squared: neg(found.values), index: takeAlongAxis(index, found.indices, -1) };
}

/** A bank with one leading axis, as `query` of the functions above. */
const banked = (rows: Tensor): Tensor =>
  rows.rank === 2 ? rows : reshape(rows, [sizeOf(rows.shape.slice(0, -2)), ...rows.shape.slice(-2)]);
