import { isRecording, noGrad, refuseTracked } from "../autograd/record.js";
import { arange } from "../create.js";
import { check } from "../errors.js";
import { joinsLanes, nearestKernel, nearestMergeKernel } from "../kernels/nearest.js";
import { planNearest } from "../kernels/plan.js";
import { rowSplit } from "../kernels/rows.js";
import { scope } from "../scope.js";
import { formatShape, sizeOf } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { add, mul } from "./elementwise.js";
import { gather } from "./gather.js";
import { launch } from "./launch.js";
import { inverseNorm, normalize } from "./norm.js";
import { PackedMatrix, type PackOptions, packScaled } from "./packed.js";
import { sum } from "./reduce.js";
import { reshape } from "./shape.js";

/** For each query row, the best match in the bank. */
export interface NearestResult {
  /** The largest cosine, [...]. */
  similarity: Tensor;
  /** The bank row that has it (the first of equals), int32 [...]. */
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
  check(bank.rank >= 2, "shape", () => `packBank: ${formatShape(bank.shape)} must be [rows, d]`);
  return scope(() => packScaled(bank, { ...options, transposed: true }, inverseNorm(bank)));
}

/**
 * For each query row the largest cosine over the rows of a bank, and which row has it; the similarity matrix is never
 * stored. With leading axes on both sides, each query searches the bank of its own.
 *
 * @param query [..., rows, d].
 * @param bank [bankRows, d] for all, [..., bankRows, d], or one packed by `packBank`.
 * @throws TensorError `shape` where widths or leading axes differ, or the bank is empty.
 * @example
 * const { similarity, index } = nearest(query, bank);
 * const distance = await similarity.data(); // cosine, 1 is identical
 */
export function nearest(query: Tensor, bank: Tensor | PackedMatrix): NearestResult {
  if (isRecording() && bank instanceof Tensor) {
    // Gradients go through the pair that was chosen.
    return scope(() => {
      const { index } = noGrad(() => nearest(query, bank));
      const similarity = sum(mul(normalize(query), normalize(chosenRows(bank, index))), -1);
      return { similarity, index };
    });
  }
  refuseTracked("nearest in a packed bank", query);
  return scope(() => search(cast(query, "float32"), bank instanceof PackedMatrix ? bank : packBank(bank)));
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

function search(query: Tensor, bank: PackedMatrix): NearestResult {
  const { device } = query;
  commonDevice("nearest", [query, bank.panels]);
  const lead = query.shape.slice(0, -2);
  check(
    query.rank >= 2 && query.shape[query.rank - 1] === bank.k,
    "shape",
    () =>
      `nearest: query is ${formatShape(query.shape)} and the bank's rows have ${bank.k} values; the widths must be equal`,
  );
  check(bank.n > 0, "shape", () => "nearest: the bank is empty; give at least one row");
  check(
    bank.batch === 1 || bank.batch === sizeOf(lead),
    "shape",
    () =>
      `nearest: query is ${formatShape(query.shape)} and there are ${bank.batch} banks; give one, or one each`,
  );
  const shared = bank.batch === 1;
  const outShape = query.shape.slice(0, -1);
  const rows = shared ? sizeOf(outShape) : query.shape[query.rank - 2];
  const similarity = Tensor.empty(device, outShape);
  const index = Tensor.empty(device, outShape, "int32");
  if (similarity.size === 0) return { similarity, index };
  const { tile, tiles, shares } = planNearest(rows * bank.batch, bank.k, bank.n, device.caps, device.tuning);
  const parts = joinsLanes(tile) ? shares : shares * tile.lanes;
  const values = Tensor.empty(device, [bank.batch * rows, parts]);
  const columns = Tensor.empty(device, [bank.batch * rows, parts], "uint32");
  const height = tile.kind === "workgroup" ? 16 * tile.rows : tile.rows;
  launch(
    nearestKernel(tile, bank.half),
    { a: query, panels: bank.panels, values, columns },
    {
      m: rows,
      n: bank.n,
      k: bank.k,
      aBatch: rows * bank.k,
      panelBatch: shared ? 0 : bank.panels.size / bank.batch / 4,
      tiles,
      lowest: -3.0e38,
    },
    [Math.ceil(rows / height), shares, bank.batch],
    2 * bank.batch * rows * bank.n * bank.k,
  );
  const { family, maxWorkgroupsPerDimension } = device.caps;
  launch(
    nearestMergeKernel(family, bank.k),
    { values, columns, query, similarity, index },
    { rows: similarity.size, n: bank.k, parts },
    rowSplit(family).grid(similarity.size, maxWorkgroupsPerDimension),
  );
  return { similarity, index };
}
