import { isRecording, noGrad } from "../autograd/record.js";
import { wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { FLAT, kernel, kernelFor } from "../kernels/kernel.js";
import { scope } from "../scope.js";
import { formatShape } from "../shape.js";
import { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { takeAlongAxis } from "./gather.js";
import { launch } from "./launch.js";

export interface TopK {
  /** The chosen values, best first, [..., k]. */
  values: Tensor;
  /** Where each stands on the last axis, int32 [..., k]. */
  indices: Tensor<"int32">;
}

/** Values as u32 keys of the same order: -0 equals 0, NaN is above all (as in PyTorch). */
const KEY = {
  f32: `fn key_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if (bits == 0x80000000u) { return bits; }
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}`,
  i32: "fn key_of(value: i32) -> u32 { return bitcast<u32>(value) ^ 0x80000000u; }",
  u32: "fn key_of(value: u32) -> u32 { return value; }",
};

/**
 * The k largest (or smallest) values of each row of the last axis and where they stand, best first; of equals the
 * first comes first, and NaN counts as the largest.
 *
 * A tournament: a workgroup holds a row, each invocation the best of its share, and only the share that gave the last
 * winner is searched again. Work n + k * n / lanes a row.
 *
 * @param x [..., n].
 * @throws TensorError `argument` unless 0 <= k <= n.
 * @example
 * const { values, indices } = topk(scores, 5);
 */
export function topk(x0: Tensor, k: number, options: { largest?: boolean } = {}): TopK {
  const { largest = true } = options;
  check(x0.rank >= 1, "shape", () => "topk: a scalar has no axis to choose from; reshape it to [1]");
  const n = x0.shape[x0.rank - 1];
  check(
    Number.isInteger(k) && k >= 0 && k <= n,
    "argument",
    () => `topk: k is ${k} and the last axis of ${formatShape(x0.shape)} has ${n} values; use 0 <= k <= ${n}`,
  );
  if (!isRecording()) return choose(x0, k, largest, n);
  // Gradients go to the values that were chosen.
  return scope(() => {
    const { indices } = noGrad(() => choose(x0, k, largest, n));
    return { values: takeAlongAxis(x0, indices, -1), indices };
  });
}

function choose(x0: Tensor, k: number, largest: boolean, n: number): TopK {
  return scope(() => {
    const x = x0.dtype === "float16" ? cast(x0, "float32") : x0;
    const { family, maxWorkgroupsPerDimension: most } = x.device.caps;
    const shape = [...x.shape.slice(0, -1), k];
    const values = Tensor.empty(x.device, shape, x.dtype);
    const indices = Tensor.empty(x.device, shape, "int32");
    // A short workgroup on CPUs: its barriers then cost little.
    const lanes = family === "workgroup" ? FLAT : 8;
    const type = wgslScalar(x.dtype);
    const text = kernelFor(`topk:${type}:${largest}:${lanes}`, () => tournament(type, largest, lanes));
    const rows = values.size / Math.max(1, k);
    const deep = Math.ceil(rows / most);
    launch(text, { x, values, indices }, { rows, n, k }, [rows && Math.ceil(rows / deep), deep, 1]);
    return { values, indices };
  });
}

function tournament(type: keyof typeof KEY, largest: boolean, lanes: number) {
  return kernel({
    name: "top-k",
    reads: { x: type },
    writes: { values: type, indices: "i32" },
    uniforms: { rows: "u32", n: "u32", k: "u32" },
    workgroup: lanes,
    declare: `${KEY[type]}
var<workgroup> keys: array<u32, ${lanes}>;
var<workgroup> places: array<u32, ${lanes}>;
fn before(key: u32, place: u32, otherKey: u32, otherPlace: u32) -> bool {
  return key > otherKey || (key == otherKey && place < otherPlace);
}`,
    // Places count from 1, so that the start, (highest key, place 0), is before every value.
    body: `  let row = wg.y * groups.x + wg.x;
  if (row >= u.rows) { return; }
  let base = row * u.n;
  var lastKey = 0xffffffffu;
  var lastPlace = 0u;
  var key = 0u;
  var place = 0u;
  for (var rank = 0u; rank < u.k; rank++) {
    if (place == lastPlace) {
      key = 0u;
      place = 0xffffffffu;
      for (var i = lid; i < u.n; i += ${lanes}u) {
        let next = ${largest ? "" : "~"}key_of(x[base + i]);
        if (before(next, i + 1u, key, place) && before(lastKey, lastPlace, next, i + 1u)) {
          key = next;
          place = i + 1u;
        }
      }
    }
    keys[lid] = key;
    places[lid] = place;
    workgroupBarrier();
    for (var half = ${lanes / 2}u; half > 0u; half = half / 2u) {
      if (lid < half && before(keys[lid + half], places[lid + half], keys[lid], places[lid])) {
        keys[lid] = keys[lid + half];
        places[lid] = places[lid + half];
      }
      workgroupBarrier();
    }
    lastKey = keys[0];
    lastPlace = places[0];
    if (place == lastPlace) {
      values[row * u.k + rank] = x[base + place - 1u];
      indices[row * u.k + rank] = i32(place - 1u);
    }
    workgroupBarrier();
  }`,
  });
}
