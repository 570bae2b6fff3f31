import { noGrad, refuseTracked } from "../autograd/record.js";
import { arange } from "../create.js";
import { check } from "../errors.js";
import { joinsLanes, nearestKernel, nearestMergeKernel } from "../kernels/nearest.js";
import { planNearest } from "../kernels/plan.js";
import { planRowKernel } from "../kernels/rows.js";
import { tileHeight } from "../kernels/tile.js";
import { scope } from "../scope.js";
import { formatShape, sizeOf } from "../shape.js";
import { checkTensor, Tensor } from "../tensor.js";
import { defineOp, FLOATS, type Op } from "./define.js";
import { add, mul } from "./elementwise.js";
import { gather } from "./gather.js";
import { launch } from "./launch.js";
import { inverseNorm, normalize } from "./norm.js";
import { checkOptions, FLOAT_TYPE } from "./options.js";
import { PackedMatrix, type PackOptions, packScaled } from "./packed.js";
import { total } from "./reference.js";
import { reshape } from "./shape.js";
import { sum } from "./sum.js";

/** For each query row, the best match in the bank. */
export interface NearestResult {
  /** The largest cosine, [...]; NaN where a value of the query row or of its bank is NaN or infinite. */
  similarity: Tensor;
  /** The bank row that has it (the first of equals, the first NaN), int32 [...]. */
  index: Tensor<"int32">;
}

/**
 * Normalises the rows of a bank and packs them for `nearest`, once for many queries.
 *
 * @param bank [..., rows, d].
 * @example
 * const bank = packBank(patches); // [900, 896]
 * const { similarity, index } = nearest(query, bank);
 */
export function packBank(bank: Tensor, options: Pick<PackOptions, "dtype"> = {}): PackedMatrix {
  checkTensor("packBank", bank);
  checkOptions("packBank", { at: 1, takes: { dtype: FLOAT_TYPE } }, [bank, options]);
  check(bank.rank >= 2, "shape", () => `packBank: ${formatShape(bank.shape)} must be [rows, d]`);
  return scope(() => packScaled(bank, { ...options, transposed: true }, inverseNorm(bank)));
}

/**
 * For each query row the largest cosine over the rows of a bank, and which row has it; the similarity matrix is never
 * stored. With leading axes on both sides, each query searches the bank of its own. Gradients go through the pair that was chosen.
 *
 * @param query [..., rows, d].
 * @param bank [bankRows, d] for all, [..., bankRows, d], or one packed by `packBank`.
 * @throws TensorError `shape` where widths or leading axes differ, or the bank is empty.
 * @example
 * const { similarity, index } = nearest(query, bank);
 * const distance = await similarity.data(); // cosine, 1 is identical
 */
export const nearest: Op<[query: Tensor, bank: Tensor | PackedMatrix], NearestResult> = defineOp("nearest", {
  check: (query: Tensor, bank: Tensor | PackedMatrix) => {
    const { banks, rows, d } = checkSearch("nearest", query, bank);
    return { query, bank, banks, rows, d };
  },
  takes: FLOATS,
  forward: search,
  onTape: ({ query, bank }) => {
    if (bank instanceof PackedMatrix) {
      refuseTracked("nearest in a packed bank", query);
      return null;
    }
    const { index } = noGrad(() => nearest(query, bank));
    const similarity = sum(mul(normalize(query), normalize(chosenRows(bank, index))), -1);
    return { similarity, index };
  },
  reference: ({ query, bank, banks, rows, d }) => {
    const shape = query.shape.slice(0, -1);
    const each = sizeOf(shape) / banks;
    const row = (values: ArrayLike<number>, i: number) =>
      Array.from({ length: d }, (_, e) => values[i * d + e]);
    const unit = (v: number[]) => v.map((x) => x / (v.every((e) => e === 0) ? 1 : Math.hypot(...v)));
    const best = Array.from({ length: sizeOf(shape) }, (_, i) => {
      const own = unit(row(query.values, i));
      const cosines = Array.from({ length: rows }, (_, j) => {
        const other = unit(row(bank.values, (banks === 1 ? 0 : Math.floor(i / each)) * rows + j));
        return total(d, (e) => own[e] * other[e]);
      });
      const largest = cosines.some(Number.isNaN) ? Number.NaN : Math.max(...cosines);
      const index = cosines.findIndex((cosine) => Object.is(cosine, largest));
      return { similarity: cosines[index], index };
    });
    return { similarity: best.map((b) => b.similarity), index: best.map((b) => b.index) };
  },
});

/** How many banks there are, their rows and width. @throws TensorError `shape` where the query does not fit, or a bank is empty. */
export function checkSearch(name: string, query: Tensor, bank: Tensor | PackedMatrix) {
  check(
    bank instanceof PackedMatrix || bank.rank >= 2,
    "shape",
    () => `${name}: the bank is ${formatShape((bank as Tensor).shape)} and must be [rows, d]`,
  );
  const [rows, d] = bank instanceof PackedMatrix ? [bank.n, bank.k] : bank.shape.slice(-2);
  const banks = bank instanceof PackedMatrix ? bank.batch : sizeOf(bank.shape.slice(0, -2));
  check(
    query.rank >= 2 && query.shape[query.rank - 1] === d,
    "shape",
    () =>
      `${name}: query is ${formatShape(query.shape)} and the bank's rows have ${d} values; the widths must be equal`,
  );
  check(rows > 0, "shape", () => `${name}: the bank is empty; give at least one row`);
  check(
    banks === 1 || banks === sizeOf(query.shape.slice(0, -2)),
    "shape",
    () => `${name}: query is ${formatShape(query.shape)} and there are ${banks} banks; give one, or one each`,
  );
  return { banks, rows, d };
}

/** The bank's row for each query; with leading axes each query has a bank of its own. */
function chosenRows(bank: Tensor, index: Tensor): Tensor {
  if (bank.rank === 2) return gather(bank, index);
  const [rows, width] = bank.shape.slice(-2);
  const banks = bank.size / (rows * width);
  const first = mul(arange(bank.device, banks, "int32"), rows);
  const at = add(reshape(index, [banks, -1]), reshape(first, [banks, 1]));
  return reshape(gather(reshape(bank, [banks * rows, width]), at), [...index.shape, width]);
}

function search({ query, bank: given }: { query: Tensor; bank: Tensor | PackedMatrix }): NearestResult {
  const bank = given instanceof PackedMatrix ? given : packBank(given);
  const { device } = query;
  const shape = query.shape.slice(0, -1);
  const similarity = Tensor.empty(device, shape);
  const index = Tensor.empty(device, shape, "int32");
  if (similarity.size === 0) return { similarity, index };
  const { parts, ...found } = searchParts(query, bank);
  launch({
    kernel: nearestMergeKernel(planRowKernel(bank.k, device.caps)),
    tensors: { ...found, query, similarity, index },
    uniforms: { n: bank.k, parts },
    over: [similarity.size],
  });
  return { similarity, index };
}

/**
 * The largest inner product of each query row over the columns of a bank, share by share of the bank: `parts` values and their
 * columns a row. A shift, [n] or [batch, n], is added to the products of its column.
 */
export function searchParts(
  query: Tensor,
  bank: PackedMatrix,
  shift?: Tensor,
): { values: Tensor; columns: Tensor; parts: number } {
  const { device } = query;
  const shared = bank.batch === 1;
  const rows = shared ? query.size / bank.k : query.shape[query.rank - 2];
  const { tile, tiles, shares } = planNearest(rows * bank.batch, bank.k, bank.n, device.caps, device.tuning);
  const parts = joinsLanes(tile) ? shares : shares * tile.lanes;
  const values = Tensor.empty(device, [bank.batch * rows, parts]);
  const columns = Tensor.empty(device, [bank.batch * rows, parts], "uint32");
  launch(
    {
      kernel: nearestKernel({ tile, half: bank.half, ...(shift && { shifted: true }) }),
      tensors: { a: query, panels: bank.panels, values, columns, ...(shift && { shift }) },
      uniforms: {
        m: rows,
        n: bank.n,
        k: bank.k,
        aBatch: rows * bank.k,
        panelBatch: shared ? 0 : bank.panels.size / bank.batch / 4,
        shiftBatch: shared ? 0 : bank.n,
        tiles,
        lowest: Number.NEGATIVE_INFINITY,
        doubt: Number.POSITIVE_INFINITY,
      },
      grid: [Math.ceil(rows / tileHeight(tile)), shares, bank.batch],
    },
    2 * bank.batch * rows * bank.n * bank.k,
  );
  return { values, columns, parts };
}
