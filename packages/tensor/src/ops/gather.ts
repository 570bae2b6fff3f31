import { recorded } from "../autograd/record.js";
import { tensor } from "../create.js";
import type { Device } from "../device/device.js";
import { type DType, wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { FLAT, kernel, kernelFor } from "../kernels/kernel.js";
import { planRuns, RUNS } from "../kernels/runs.js";
import { scope } from "../scope.js";
import { formatShape, normalizeAxis, type Shape, sizeOf } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { launch } from "./launch.js";

/** Whole numbers on the GPU (int32 or uint32, any shape) or on the host (one axis; these are checked). */
export type Indices = Tensor | readonly number[] | Int32Array | Uint32Array;

/**
 * Picks slices along an axis: the axis is replaced by the axes of the indices. The rows of an embedding table, by number.
 *
 * Reads float16 tables as they are and gives float32. Indices on the GPU are not looked at by the host: one outside the
 * axis takes the nearest end.
 *
 * @returns [...x before axis, ...indices, ...x after axis].
 * @throws TensorError `argument` for indices of the host outside the axis, `dtype` for indices that are not whole
 * numbers, `shape` where the axis is empty.
 * @example
 * const embedded = gather(table, tokens); // [vocabulary, d] and [b, 77] give [b, 77, d]
 * const reversed = gather(x, [2, 1, 0], -1);
 */
export function gather(x: Tensor, indices: Indices, axis = 0): Tensor {
  const along = normalizeAxis("gather", axis, x.rank);
  return scope(() => {
    const picks = onDevice("gather", x.device, indices, x.shape[along]);
    const after = x.shape.slice(along + 1);
    const shape = [...x.shape.slice(0, along), ...picks.shape, ...after];
    return recorded("gather", [x, picks], { axis: along }, () =>
      pick("gather", x, picks, along, { shape, each: false }),
    );
  });
}

/**
 * Picks single values along an axis: result[.., j, ..] = x[.., indices[.., j, ..], ..], as NumPy's take_along_axis.
 *
 * @param indices int32 or uint32 of x's rank; all axes but `axis` equal x's. Outside the axis: the nearest end.
 * @returns the indices' shape.
 * @example
 * const best = takeAlongAxis(scores, order, -1);
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  const along = normalizeAxis("takeAlongAxis", axis, x.rank);
  checkIndexType("takeAlongAxis", indices);
  check(
    indices.rank === x.rank && indices.shape.every((d, i) => i === along || d === x.shape[i]),
    "shape",
    () =>
      `takeAlongAxis: x is ${formatShape(x.shape)} and indices ${formatShape(indices.shape)}; all axes but ${axis} must ` +
      "be equal (expand the indices)",
  );
  return recorded("takeAlongAxis", [x, indices], { axis: along }, () =>
    scope(() => pick("takeAlongAxis", x, indices, along, { shape: indices.shape, each: true })),
  );
}

/** `each`: every value of the result has its own index, otherwise a whole slice shares one. */
function pick(
  where: string,
  x: Tensor,
  index: Tensor,
  axis: number,
  { shape, each }: { shape: Shape; each: boolean },
): Tensor {
  commonDevice(where, [x, index]);
  const size = x.shape[axis];
  check(
    size > 0 || sizeOf(shape) === 0,
    "shape",
    () => `${where}: axis ${axis} of ${formatShape(x.shape)} is empty; there is nothing to pick from`,
  );
  const half = x.dtype === "float16";
  const out = Tensor.empty(x.device, shape, half ? "float32" : x.dtype);
  const indexType = wgslScalar(index.dtype);
  const type = wgslScalar(x.dtype);
  const text = kernelFor(`gather:${x.dtype}:${indexType}:${each}`, () => {
    const chosen = (at: string) =>
      indexType === "i32"
        ? `let chosen = u32(clamp(index[${at}], 0, i32(u.size) - 1));`
        : `let chosen = min(index[${at}], u.size - 1u);`;
    return kernel({
      name: where,
      reads: { x: half ? "u32" : type, index: indexType },
      writes: { out: type },
      uniforms: { ...RUNS.uniforms, size: "u32", picks: "u32" },
      workgroup: FLAT,
      // A row is one pick: `length` values of the result.
      body: `  ${RUNS.begin}
  let outer = row / u.picks;
  ${each ? "" : chosen("row % u.picks")}
  ${RUNS.along} {
    ${each ? chosen("row * u.length + j") : ""}
    let at = (outer * u.size + chosen) * u.length + j;
    out[row * u.length + j] = ${half ? "unpack2x16float(x[at / 2u])[at % 2u]" : "x[at]"};
  }`,
    });
  });
  const length = sizeOf(x.shape.slice(axis + 1));
  const { uniforms, grid } = planRuns(out.size / Math.max(1, length), length, out.device.caps);
  launch(text, { x, index, out }, { ...uniforms, size, picks: each ? shape[axis] : index.size }, grid);
  return out;
}

/**
 * Rows of zeros with a one at each index; a row of zeros where the index is outside.
 *
 * @param indices int32 or uint32 of any shape.
 * @returns [...indices, depth].
 * @example
 * const targets = oneHot(labels, 10);
 */
export function oneHot(indices: Tensor, depth: number, dtype: Exclude<DType, "float16"> = "float32"): Tensor {
  checkIndexType("oneHot", indices);
  check(
    Number.isInteger(depth) && depth >= 0,
    "argument",
    () => `oneHot: depth ${depth} must be a whole number, 0 or more`,
  );
  return scope(() => {
    const out = Tensor.empty(indices.device, [...indices.shape, depth], dtype);
    const type = wgslScalar(dtype);
    const indexType = wgslScalar(indices.dtype);
    const text = kernelFor(`oneHot:${indexType}:${type}`, () =>
      kernel({
        name: "one-hot",
        reads: { index: indexType },
        writes: { out: type },
        uniforms: RUNS.uniforms,
        workgroup: FLAT,
        // A negative index wraps to one above every depth.
        body: `  ${RUNS.begin}
    let hot = u32(index[row]);
    ${RUNS.along} { out[row * u.length + j] = select(${type}(0), ${type}(1), j == hot); }`,
      }),
    );
    const { uniforms, grid } = planRuns(indices.size, depth, out.device.caps);
    launch(text, { index: indices, out }, uniforms, grid);
    return out;
  });
}

function checkIndexType(where: string, indices: Tensor): void {
  check(
    indices.dtype === "int32" || indices.dtype === "uint32",
    "dtype",
    () => `${where}: indices are ${indices.dtype}; cast them to int32`,
  );
}

function onDevice(where: string, device: Device, indices: Indices, size: number): Tensor {
  if (indices instanceof Tensor) {
    checkIndexType(where, indices);
    return indices;
  }
  for (const [i, index] of indices.entries()) {
    check(
      Number.isInteger(index) && index >= 0 && index < size,
      "argument",
      () => `${where}: index ${index} (number ${i}) must be a whole number from 0 to ${size - 1}`,
    );
  }
  return tensor(device, Int32Array.from(indices));
}
