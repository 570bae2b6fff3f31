import { perGroup, WORKGROUP } from "./grid.js";
import { defineKernel } from "./kernel.js";

/** Values as u32 keys of the same order: -0 equals 0, NaN is above all (as in PyTorch). */
export const ORDER_KEY = {
  f32: `fn key_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if (bits == 0x80000000u) { return bits; }
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}`,
  i32: "fn key_of(value: i32) -> u32 { return bitcast<u32>(value) ^ 0x80000000u; }",
  u32: "fn key_of(value: u32) -> u32 { return value; }",
};

export interface TopkVariant {
  readonly type: keyof typeof ORDER_KEY;
  readonly largest: boolean;
  /** A workgroup shares a row by `WORKGROUP` invocations; on CPUs by few, so that its barriers cost little. */
  readonly shared: boolean;
}

/**
 * The k first of each row [rows, n] in order, and their places: a tournament. A workgroup holds a row, each invocation the
 * best of its share, and only the share that gave the last winner is searched again. Work n + k * n / lanes a row.
 */
export const topkKernel = defineKernel("top-k", ({ type, largest, shared }: TopkVariant) => {
  const lanes = shared ? WORKGROUP : 8;
  return {
    reads: { x: type },
    writes: { values: type, indices: "i32" },
    uniforms: { n: "u32", k: "u32" },
    split: perGroup(lanes),
    declare: `${ORDER_KEY[type]}
var<workgroup> keys: array<u32, ${lanes}>;
var<workgroup> places: array<u32, ${lanes}>;
fn before(key: u32, place: u32, otherKey: u32, otherPlace: u32) -> bool {
  return key > otherKey || (key == otherKey && place < otherPlace);
}`,
    // Places count from 1, so that the start, (highest key, place 0), is before every value.
    body: `  let base = row * u.n;
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
    for (var half = rolled(${lanes / 2}u, u.n); half > 0u; half = half / 2u) {
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
  };
});
