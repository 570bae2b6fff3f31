import { recorded } from "../autograd/record.js";
import { zeros } from "../create.js";
import { check } from "../errors.js";
import { FLAT, FLAT_INDEX, flatGrid, kernel, kernelFor } from "../kernels/kernel.js";
import { planRuns, RUNS } from "../kernels/runs.js";
import { scope } from "../scope.js";
import { type Shape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { launch } from "./launch.js";

/** WGSL for the place of pick `p`. */
const PLACE = "fn place(p: u32) -> i32 { return clamp(index[p], 0, i32(u.size) - 1); }";

/**
 * The gradient of `gather`: adds slices of `values` into zeros of `shape`, each at its index along an axis. Every output
 * sums its own slices in order, so the result has the same bits each time.
 *
 * @param values [...shape before axis, ...indices, ...shape after axis].
 * @param indices int32 or uint32 of any shape; those outside the axis count for the nearest end, as in `gather`.
 * @example
 * const tableGradient = scatterAdd(g, tokens, table.shape, 0);
 */
export function scatterAdd(values: Tensor, indices: Tensor, shape: Shape, axis: number): Tensor {
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  check(
    values.size === outer * indices.size * inner,
    "shape",
    () =>
      `scatterAdd: ${values.size} values do not fit ${indices.size} indices of ${outer} x ${inner} values`,
  );
  return recorded("scatterAdd", [values, indices], { axis }, () =>
    scope(() => addSlices(cast(values, "float32"), cast(indices, "int32"), shape, axis)),
  );
}

/** No atomics, which floats lack: picks of one place are chained, and the first of a chain adds them all up. */
function addSlices(source: Tensor, index: Tensor, shape: Shape, axis: number): Tensor {
  const [size, picks] = [shape[axis], index.size];
  const inner = sizeOf(shape.slice(axis + 1));
  const out = zeros(source.device, shape);
  const next = chain(index, size);
  const text = kernelFor("scatterAdd", () =>
    kernel({
      name: "scatter add",
      reads: { source: "f32", index: "i32", next: "u32" },
      writes: { out: "f32" },
      uniforms: { ...RUNS.uniforms, size: "u32", picks: "u32" },
      workgroup: FLAT,
      declare: PLACE,
      body: `  ${RUNS.begin}
  let first = row % u.picks;
  if ((next[first] & 0x80000000u) != 0u) { return; }
  let base = row - first;
  let to = (row / u.picks * u.size + u32(place(first))) * u.length;
  ${RUNS.along} {
    var total = 0.0;
    for (var p = first; p < u.picks; p = next[p] & 0x7fffffffu) { total += source[(base + p) * u.length + j]; }
    out[to + j] = total;
  }`,
    }),
  );
  const { uniforms, grid } = planRuns(inner === 0 ? 0 : source.size / inner, inner, source.device.caps);
  launch(text, { source, index, next, out }, { ...uniforms, size, picks }, grid);
  return out;
}

/**
 * For each pick the one after it that goes to the same place, or the number of picks; the top bit is set where another went
 * before it. An invocation sees to the places of its own and goes through all picks, from the last on.
 */
function chain(index: Tensor, size: number): Tensor {
  const { device } = index;
  const next = Tensor.empty(device, index.shape, "uint32");
  const heads = Tensor.empty(device, [size], "uint32");
  const text = kernelFor("scatterChain", () =>
    kernel({
      name: "scatter chain",
      reads: { index: "i32" },
      writes: { next: "u32", heads: "u32" },
      uniforms: { picks: "u32", size: "u32", shares: "u32" },
      workgroup: FLAT,
      declare: PLACE,
      body: `${FLAT_INDEX}
  for (var p = i; p < u.size; p += u.shares) { heads[p] = u.picks; }
  for (var pick = u.picks; pick > 0u; pick--) {
    let own = u32(place(pick - 1u));
    if (own % u.shares == i) {
      let after = heads[own];
      next[pick - 1u] = after;
      if (after < u.picks) { next[after] |= 0x80000000u; }
      heads[own] = pick - 1u;
    }
  }`,
    }),
  );
  const workgroups = device.caps.software ? 2 : 16;
  launch(text, { index, next, heads }, { picks: index.size, size, shares: workgroups * FLAT }, [
    workgroups,
    1,
    1,
  ]);
  return next;
}

/**
 * The gradient of `takeAlongAxis`: adds single values into zeros of `shape`, each at its own index along an axis, in order.
 *
 * @param values of the indices' shape.
 * @param indices int32 or uint32; all axes but `axis` equal those of `shape`.
 * @example
 * const g = scatterAlongAxis(values, indices, x.shape, -1);
 */
export function scatterAlongAxis(values: Tensor, indices: Tensor, shape: Shape, axis: number): Tensor {
  return recorded("scatterAlongAxis", [values, indices], { axis }, () =>
    scope(() => addEach(cast(values, "float32"), cast(indices, "int32"), shape, axis)),
  );
}

function addEach(source: Tensor, index: Tensor, shape: Shape, axis: number): Tensor {
  const out = Tensor.empty(source.device, shape);
  const text = kernelFor("scatterAlongAxis", () =>
    kernel({
      name: "scatter along an axis",
      reads: { source: "f32", index: "i32" },
      writes: { out: "f32" },
      uniforms: { count: "u32", size: "u32", picks: "u32", inner: "u32" },
      workgroup: FLAT,
      declare: PLACE,
      // An output looks through the picks of its line.
      body: `${FLAT_INDEX}
  if (i >= u.count) { return; }
  let own = i32(i / u.inner % u.size);
  let base = i / (u.inner * u.size) * u.picks * u.inner + i % u.inner;
  var total = 0.0;
  for (var p = 0u; p < u.picks; p++) {
    if (place(base + p * u.inner) == own) { total += source[base + p * u.inner]; }
  }
  out[i] = total;`,
    }),
  );
  launch(
    text,
    { source, index, out },
    {
      count: out.size,
      size: shape[axis],
      picks: index.shape[axis],
      inner: sizeOf(shape.slice(axis + 1)),
    },
    flatGrid(out.size),
  );
  return out;
}
