import type { Caps } from "../device/caps.js";

/*
 * How kernels split their work into workgroups. Every grid comes from `foldGrid`. A kernel takes one of four splits:
 *
 * - `perValue`: one invocation a value, where a value takes long;
 * - `gridStride`: values one by one in a loop, several an invocation;
 * - `rowStride`: rows of one length, several invocations along each, without a division for every value;
 * - `rowSplit` (rows.ts): rows that are reduced.
 */

/** Invocations in a workgroup of kernels that treat values one by one. */
export const WORKGROUP = 64;

/** Invocations that share a long row, wherever a workgroup reduces one. */
export const ROW_THREADS = 128;

/** WGSL for the number of a workgroup in a folded grid. */
export const GROUP = "wg.y * groups.x + wg.x";

/** A number of workgroups folded into two dimensions, since one has a limit. Kernels count them by `GROUP`. */
export function foldGrid(groups: number, maxPerDimension = 65535): [number, number, number] {
  if (groups <= maxPerDimension) return [groups, 1, 1];
  const rows = Math.ceil(groups / maxPerDimension);
  return [Math.ceil(groups / rows), rows, 1];
}

/** One invocation a value: WGSL for its flat index `i`, and the grid for `count` values. */
export const perValue = {
  begin: `let i = (${GROUP}) * ${WORKGROUP}u + lid;`,
  grid: (count: number, maxPerDimension?: number) => foldGrid(Math.ceil(count / WORKGROUP), maxPerDimension),
} as const;

/**
 * A loop over outputs `i`: a workgroup takes WORKGROUP * share outputs that lie together, its invocations side by side. On
 * CPUs starting an invocation costs as much as several outputs: a sum of 860,000 pairs took 8.4 ms one each and 1.6 ms sixty-four
 * each on llvmpipe.
 */
export const gridStride = {
  uniforms: { count: "u32", share: "u32" },
  begin: `let first = (${GROUP}) * ${WORKGROUP}u * u.share + lid;
  let last = min(u.count, first - lid + ${WORKGROUP}u * u.share);`,
  each: `for (var i = first; i < last; i += ${WORKGROUP}u)`,
  /** Uniforms and grid for `count` outputs: long shares, but work for every core. */
  plan(count: number, caps: Pick<Caps, "software" | "maxWorkgroupsPerDimension">) {
    const [groups, longest] = caps.software ? [32, 64] : [8192, 8];
    const share = Math.min(longest, Math.max(1, Math.floor(count / (WORKGROUP * groups))));
    const grid = perValue.grid(Math.ceil(count / share), caps.maxWorkgroupsPerDimension);
    return { uniforms: { count, share }, grid };
  },
} as const;

/**
 * Rows of one length without a division for every value (integer division is what costs most on CPUs): 2^shift invocations
 * go along a row together, with about four values each, so that a GPU's loads and stores stay side by side. On CPUs, where
 * starting an invocation costs as much as several values, with about sixty-four each: permuting attention's operands, rows of 32,
 * takes 2.6 ms instead of 6.4 on llvmpipe, and packing 3584 x 896 transposed 5.6 instead of 21. The body of the loop `along`
 * sees `row` and `j`, the place in the row.
 */
export const rowStride = {
  uniforms: { rows: "u32", length: "u32", shift: "u32" },
  begin: `let flat = (${GROUP}) * ${WORKGROUP}u + lid;
  let row = flat >> u.shift;
  if (row >= u.rows) { return; }`,
  along: "for (var j = flat & ((1u << u.shift) - 1u); j < u.length; j += 1u << u.shift)",
  /** Uniforms and grid for rows of `length` values. */
  plan(rows: number, length: number, { software }: Pick<Caps, "software">) {
    const each = software ? 6 : 2;
    const shift = Math.min(6, Math.max(0, Math.ceil(Math.log2(Math.max(1, length))) - each));
    return { uniforms: { rows, length, shift }, grid: perValue.grid(length === 0 ? 0 : rows * 2 ** shift) };
  },
} as const;

/** WGSL that names the row `e` of a kernel whose rows take one invocation each, or a workgroup each, and its `lane` along it. */
export const rowIndex = (threads: number): string =>
  threads === 1
    ? `let e = (${GROUP}) * ${WORKGROUP}u + lid;\n  let lane = 0u;`
    : `let e = ${GROUP};\n  let lane = lid;`;

/** The grid for `rowIndex`. */
export const rowGrid = (rows: number, threads: number, maxPerDimension: number): [number, number, number] =>
  foldGrid(threads === 1 ? Math.ceil(rows / WORKGROUP) : rows, maxPerDimension);
