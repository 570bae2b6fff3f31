import { type DType, wgslScalar } from "../dtype.js";
import { loadHalf } from "./cast.js";
import { ALONG, perValue, rowStride, WORKGROUP } from "./grid.js";
import { defineKernel } from "./kernel.js";

type Scalar = ReturnType<typeof wgslScalar>;

export interface GatherVariant {
  readonly dtype: DType;
  readonly indexType: Scalar;
  /** Every value of the result has its own index; otherwise a whole slice shares one. */
  readonly each: boolean;
}

/** Picks slices, or single values, along an axis. A row of the split is one pick: `length` values of the result. */
export const gatherKernel = defineKernel("gather", ({ dtype, indexType, each }: GatherVariant) => {
  const half = dtype === "float16";
  const type = wgslScalar(dtype);
  const chosen = (at: string) =>
    indexType === "i32"
      ? `let chosen = u32(clamp(index[${at}], 0, i32(u.size) - 1));`
      : `let chosen = min(index[${at}], u.size - 1u);`;
  return {
    name: each ? "takeAlongAxis" : "gather",
    reads: { x: half ? "u32" : type, index: indexType },
    writes: { out: type },
    uniforms: { size: "u32", picks: "u32" },
    split: rowStride,
    body: `  let outer = row / u.picks;
  ${each ? "" : chosen("row % u.picks")}
  ${ALONG} {
    ${each ? chosen("row * u.length + j") : ""}
    let at = (outer * u.size + chosen) * u.length + j;
    out[row * u.length + j] = ${half ? loadHalf("x", "at") : "x[at]"};
  }`,
  };
});

/** Rows of zeros with a one at each index. A negative index wraps to one above every depth. */
export const oneHotKernel = defineKernel(
  "one-hot",
  ({ indexType, type }: { indexType: Scalar; type: Scalar }) => ({
    reads: { index: indexType },
    writes: { out: type },
    split: rowStride,
    body: `    let hot = u32(index[row]);
    ${ALONG} { out[row * u.length + j] = select(${type}(0), ${type}(1), j == hot); }`,
  }),
);

/** WGSL for the place of pick `p`. */
const PLACE = "fn place(p: u32) -> i32 { return clamp(index[p], 0, i32(u.size) - 1); }";

/** Adds slices into zeros: the first pick of each chain (see `scatterChainKernel`) adds up all of its chain. */
export const scatterAddKernel = defineKernel("scatter add", () => ({
  reads: { source: "f32", index: "i32", next: "u32" },
  writes: { out: "f32" },
  uniforms: { size: "u32", picks: "u32" },
  split: rowStride,
  declare: PLACE,
  body: `  let first = row % u.picks;
  if ((next[first] & 0x80000000u) != 0u) { return; }
  let base = row - first;
  let to = (row / u.picks * u.size + u32(place(first))) * u.length;
  ${ALONG} {
    var total = 0.0;
    for (var p = first; p < u.picks; p = next[p] & 0x7fffffffu) { total += source[(base + p) * u.length + j]; }
    out[to + j] = total;
  }`,
}));

/**
 * For each pick the one after it that goes to the same place, or the number of picks; the top bit is set where another went
 * before it. An invocation handles the places that are its own modulo `shares`, and goes through all picks from the last on.
 */
export const scatterChainKernel = defineKernel("scatter chain", () => ({
  reads: { index: "i32" },
  writes: { next: "u32", heads: "u32" },
  uniforms: { picks: "u32", size: "u32", shares: "u32" },
  workgroup: WORKGROUP,
  declare: PLACE,
  body: `  let i = wg.x * ${WORKGROUP}u + lid;
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
}));

/** Adds single values into zeros, each at its own index along an axis. An output looks through the picks of its line. */
export const scatterAlongKernel = defineKernel("scatter along an axis", () => ({
  reads: { source: "f32", index: "i32" },
  writes: { out: "f32" },
  uniforms: { size: "u32", picks: "u32", inner: "u32" },
  split: perValue,
  declare: PLACE,
  body: `  let own = i32(i / u.inner % u.size);
  let base = i / (u.inner * u.size) * u.picks * u.inner + i % u.inner;
  var total = 0.0;
  for (var p = 0u; p < u.picks; p++) {
    if (place(base + p * u.inner) == own) { total += source[base + p * u.inner]; }
  }
  out[i] = total;`,
}));
