import { GROUP, gridStride, WORKGROUP } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";
import { ORDER_KEY } from "./topk.js";

/*
 * Bitonic sorting (Batcher 1968) of rows padded to `width`, a power of two. A place holds a value's key, whose unsigned order is
 * that of the values, and its index, which breaks ties: the sort is stable. What pads a row has the last key and an index past
 * the row. Steps whose partners lie within a block run in workgroup memory, all in one dispatch.
 */

/** Places that a workgroup sorts in its own memory. */
export const SORT_BLOCK = 512;

/** WGSL for the lower place of pair `pair` whose partners are `j` apart. */
const LOWER = "2u * pair - (pair & (j - 1u))";

const AFTER = `fn after(key: u32, place: u32, otherKey: u32, otherPlace: u32) -> bool {
  return key > otherKey || (key == otherKey && place > otherPlace);
}`;

export interface SortVariant {
  readonly type: keyof typeof ORDER_KEY;
  readonly descending: boolean;
}

/**
 * Sorts or merges blocks of `SORT_BLOCK` places, a workgroup each: runs of `shortest` to `longest` places, partners up to `j` apart. `read`
 * takes the places from x [rows, n] first.
 */
export const sortBlockKernel = defineKernel("sort block", (read: SortVariant | null) => {
  const load = read
    ? `let row = (base + t) / u.width;
    let column = (base + t) % u.width;
    places[t] = column;
    keys[t] = 0xffffffffu;
    if (row < u.rows && column < u.n) { keys[t] = ${read.descending ? "~" : ""}key_of(x[row * u.n + column]); }`
    : "keys[t] = outKeys[base + t];\n    places[t] = outPlaces[base + t];";
  return {
    reads: { ...(read ? { x: read.type } : {}) },
    writes: { outKeys: "u32", outPlaces: "u32" },
    uniforms: u32("rows", "n", "width", "blocks", "shortest", "longest"),
    workgroup: WORKGROUP,
    declare: `${read ? ORDER_KEY[read.type] : ""}
${AFTER}
var<workgroup> keys: array<u32, ${SORT_BLOCK}>;
var<workgroup> places: array<u32, ${SORT_BLOCK}>;`,
    body: `  let block = ${GROUP};
  if (block >= u.blocks) { return; }
  let base = block * ${SORT_BLOCK}u;
  for (var t = lid; t < ${SORT_BLOCK}u; t += ${WORKGROUP}u) {
    ${load}
  }
  workgroupBarrier();
  for (var k = u.shortest; k <= u.longest; k *= 2u) {
    for (var j = min(k / 2u, ${SORT_BLOCK / 2}u); j > 0u; j /= 2u) {
      for (var pair = lid; pair < ${SORT_BLOCK / 2}u; pair += ${WORKGROUP}u) {
        let low = ${LOWER};
        let high = low + j;
        let up = ((base + low) & (u.width - 1u) & k) == 0u;
        if (after(keys[low], places[low], keys[high], places[high]) == up) {
          let key = keys[low];
          let place = places[low];
          keys[low] = keys[high];
          places[low] = places[high];
          keys[high] = key;
          places[high] = place;
        }
      }
      workgroupBarrier();
    }
  }
  for (var t = lid; t < ${SORT_BLOCK}u; t += ${WORKGROUP}u) {
    outKeys[base + t] = keys[t];
    outPlaces[base + t] = places[t];
  }`,
  };
});

/** One step of a merge whose partners are `j` places apart, too far for a block. */
export const sortStepKernel = defineKernel("sort step", () => ({
  reads: {},
  writes: { keys: "u32", places: "u32" },
  uniforms: { width: "u32", k: "u32", j: "u32" },
  split: gridStride,
  declare: AFTER,
  setup: "  let j = u.j;",
  body: `    let pair = i;
    let low = ${LOWER};
    let high = low + j;
    let up = (low & (u.width - 1u) & u.k) == 0u;
    let key = keys[low];
    let place = places[low];
    if (after(key, place, keys[high], places[high]) == up) {
      keys[low] = keys[high];
      places[low] = places[high];
      keys[high] = key;
      places[high] = place;
    }`,
}));

/** Takes the first n places of each row. */
export const sortedPlacesKernel = defineKernel("sorted places", () => ({
  reads: { places: "u32" },
  writes: { out: "i32" },
  uniforms: { n: "u32", width: "u32" },
  split: gridStride,
  body: `    out[i] = i32(places[i / u.n * u.width + i % u.n]);`,
}));
