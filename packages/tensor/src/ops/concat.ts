import { isRecording, recorded } from "../autograd/record.js";
import { wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { FLAT, type Kernel, kernel, kernelFor } from "../kernels/kernel.js";
import { planRuns, RUNS } from "../kernels/runs.js";
import { scope } from "../scope.js";
import { formatShape, normalizeAxis, sizeOf } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { padded8 } from "./copy.js";
import { launch } from "./launch.js";
import { slice, unsqueeze } from "./shape.js";

/**
 * Joins tensors along an axis; along the first one also above the binding limit.
 *
 * @param parts one or more, of one type and equal in all other axes.
 * @throws TensorError `shape` where other axes differ, `dtype` for mixed types, `argument` for an empty list.
 * @example
 * const tokens = concat([classToken, patches], 1); // [b, 1, d] and [b, 225, d] give [b, 226, d]
 */
export function concat(parts: readonly Tensor[], axis = 0): Tensor {
  return joined("concat", parts, axis);
}

/**
 * Joins tensors of one shape along a new axis.
 *
 * @example stack([a, b]); // two of [3, 4] give [2, 3, 4]
 */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  return scope(() =>
    joined(
      "stack",
      parts.map((part) => unsqueeze(part, axis)),
      axis,
    ),
  );
}

const joined = (where: string, parts: readonly Tensor[], axis: number): Tensor =>
  recorded("concat", parts, { axis }, () => scope(() => join(where, parts, axis)));

function join(where: string, given: readonly Tensor[], axis: number): Tensor {
  check(given.length > 0, "argument", () => `${where}: the list is empty; give at least one tensor`);
  const parts = given.map((part) => (part.dtype === "float16" ? cast(part, "float32") : part));
  const [first] = parts;
  const device = commonDevice(where, parts);
  const along = normalizeAxis(where, axis, first.rank);
  for (const [i, part] of parts.entries()) {
    check(
      part.dtype === first.dtype,
      "dtype",
      () => `${where}: part ${i} is ${part.dtype} and part 0 ${first.dtype}; cast them to one type`,
    );
    check(
      part.rank === first.rank && part.shape.every((d, j) => j === along || d === first.shape[j]),
      "shape",
      () =>
        `${where}: part ${i} is ${formatShape(part.shape)} and part 0 ${formatShape(first.shape)}; all axes but ${along} ` +
        "must be equal",
    );
  }
  if (parts.length === 1) return first.view(first.shape);
  const shape = [...first.shape];
  shape[along] = parts.reduce((sum, part) => sum + part.shape[along], 0);
  const out = Tensor.empty(device, shape, first.dtype);
  const inner = sizeOf(shape.slice(along + 1));
  const whole = sizeOf(shape.slice(0, along)) === 1;
  let offset = 0;
  for (const part of parts) {
    const run = part.shape[along] * inner;
    if (whole) device.copy(part.buffer, 0, out.buffer, offset * 4, part.bytes);
    else place(part, out, run, offset, shape[along] * inner);
    offset += run;
  }
  return out;
}

/** Writes each run of `run` values of x at `offset` into one of the rows of `out`, which are `stride` apart. */
function place(x: Tensor, out: Tensor, run: number, offset: number, stride: number): void {
  const type = wgslScalar(x.dtype);
  const text = kernelFor(`concat:${type}`, () =>
    kernel({
      name: "concat",
      reads: { x: type },
      writes: { out: type },
      uniforms: { ...RUNS.uniforms, offset: "u32", stride: "u32" },
      workgroup: FLAT,
      body: `  ${RUNS.begin}
  ${RUNS.along} { out[row * u.stride + u.offset + j] = x[row * u.length + j]; }`,
    }),
  );
  const { uniforms, grid } = planRuns(x.size / Math.max(1, run), run, x.device.caps);
  launch(text, { x, out }, { ...uniforms, offset, stride }, grid);
}

/**
 * Cuts a tensor along an axis; along the first one also above the binding limit.
 *
 * @param sizes how long each part is, together the axis; or a number: that many equal parts.
 * @throws TensorError `shape` where the sizes do not add up to the axis.
 * @example
 * const [q, k, v] = split(qkv, 3, -1);
 * const [head, rest] = split(x, [1, 225], 1);
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const along = normalizeAxis("split", axis, x.rank);
  const size = x.shape[along];
  const lengths =
    typeof sizes === "number" ? new Array<number>(Math.max(0, Math.floor(sizes))).fill(size / sizes) : sizes;
  check(
    lengths.every((n) => Number.isInteger(n) && n >= 0) && lengths.reduce((a, b) => a + b, 0) === size,
    "shape",
    () =>
      typeof sizes === "number"
        ? `split: axis ${axis} of ${formatShape(x.shape)} does not divide into ${sizes} equal parts; give the sizes`
        : `split: sizes ${formatShape(sizes)} must add up to axis ${axis} of ${formatShape(x.shape)}`,
  );
  const whole = sizeOf(x.shape.slice(0, along)) === 1;
  return scope(() => {
    const source = x.dtype === "float16" ? cast(x, "float32") : x;
    let start = 0;
    return lengths.map((length) => {
      const from = start;
      start += length;
      if (!whole || isRecording()) return slice(source, [...new Array(along).fill(null), [from, start]]);
      const shape = x.shape.map((d, i) => (i === along ? length : d));
      const out = Tensor.empty(x.device, shape, source.dtype);
      const bytesPer = 4 * sizeOf(shape.slice(along + 1));
      x.device.copy(source.buffer, from * bytesPer, out.buffer, 0, out.bytes);
      return out;
    });
  });
}

/**
 * Surrounds a tensor with a constant.
 *
 * @param widths for each axis how many values go before and after it.
 * @example pad(image, [[0, 0], [2, 2], [2, 2]]); // [3, h, w] gives [3, h + 4, w + 4]
 */
export function pad(x0: Tensor, widths: readonly (readonly [number, number])[], value = 0): Tensor {
  check(
    widths.length === x0.rank && widths.flat().every((w) => Number.isInteger(w) && w >= 0),
    "shape",
    () =>
      `pad: widths [${widths.map(formatShape).join(", ")}] must hold two non-negative whole numbers for each axis of ` +
      formatShape(x0.shape),
  );
  return recorded("pad", [x0], { widths }, () => padded(x0, widths, value));
}

function padded(x0: Tensor, widths: readonly (readonly [number, number])[], value: number): Tensor {
  return scope(() => {
    const x = x0.dtype === "float16" ? cast(x0, "float32") : x0;
    const last = widths.findLastIndex(([before, after]) => before + after > 0);
    if (last < 0) return x.view(x.shape);
    const shape = x.shape.map((d, i) => widths[i][0] + d + widths[i][1]);
    const out = Tensor.empty(x.device, shape, x.dtype);
    // What follows the last widened axis moves with it.
    const inner = sizeOf(shape.slice(last + 1));
    const length = shape[last] * inner;
    const { uniforms, grid } = planRuns(length === 0 ? 0 : out.size / length, length, x.device.caps);
    launch(
      padKernel(wgslScalar(x.dtype)),
      { x, out },
      {
        ...uniforms,
        value: x.dtype === "bool" ? Number(value !== 0) : value,
        axes: last,
        start: widths[last][0] * inner,
        width: x.shape[last] * inner,
        shape: padded8(shape.slice(0, last), 1),
        inner: padded8(x.shape.slice(0, last), 1),
        before: padded8(
          widths.slice(0, last).map(([before]) => before),
          0,
        ),
      },
      grid,
    );
    return out;
  });
}

/** Runs along the last widened axis. Coordinates before the start wrap around and so are past the end as well. */
function padKernel(type: ReturnType<typeof wgslScalar>): Kernel {
  return kernelFor(`pad:${type}`, () =>
    kernel({
      name: "pad",
      reads: { x: type },
      writes: { out: type },
      uniforms: {
        ...RUNS.uniforms,
        value: type,
        axes: "u32",
        start: "u32",
        width: "u32",
        shape: "u32x8",
        inner: "u32x8",
        before: "u32x8",
      },
      workgroup: FLAT,
      body: `  ${RUNS.begin}
  var rest = row;
  var at = 0u;
  var stride = u.width;
  var inside = true;
  for (var i = 0u; i < u.axes; i++) {
    let d = 7u - i;
    let size = u.shape[d / 4u][d % 4u];
    let inner = u.inner[d / 4u][d % 4u];
    let c = rest % size - u.before[d / 4u][d % 4u];
    rest = rest / size;
    inside = inside && c < inner;
    at += c * stride;
    stride *= inner;
  }
  ${RUNS.along} {
    let c = j - u.start;
    var value = u.value;
    if (inside && c < u.width) { value = x[at + c]; }
    out[row * u.length + j] = value;
  }`,
    }),
  );
}
