import type { Caps } from "../device/caps.js";
import type { UniformType } from "./kernel.js";

/*
 * How kernels split their work into workgroups. Every grid comes from `foldGrid`. A kernel names one of these splits, and a launch says
 * over how much it runs:
 *
 * - `perValue`: one invocation a value, where a value takes long;
 * - `gridStride`: values one by one in a loop, several an invocation;
 * - `rowStride`: rows of one length, several invocations along each, without a division for every value;
 * - `perGroup`: a workgroup a row;
 * - `perRow` and `rowSplit` (rows.ts): rows that are reduced, by an invocation or a workgroup each.
 */

/** What a split adds to a kernel's text, and the grid for a size. */
export interface Split {
  readonly workgroup: number;
  readonly uniforms: Readonly<Record<string, UniformType>>;
  readonly declare?: string;
  /** The text of `main` around a kernel's body; `setup` runs once in each invocation. */
  around(body: string, setup: string): string;
  /** Uniforms and grid for `count` values, or rows of `length` values. */
  plan(caps: PlanCaps, count: number, length?: number): { uniforms: Record<string, number>; grid: Grid };
}

type PlanCaps = Pick<Caps, "software" | "maxWorkgroupsPerDimension">;
type Grid = [number, number, number];

/** Invocations in a workgroup of kernels that treat values one by one. */
export const WORKGROUP = 64;

/** Invocations that share a long row, wherever a workgroup reduces one. */
export const ROW_THREADS = 128;

/** WGSL for the number of a workgroup in a folded grid. */
export const GROUP = "wg.y * groups.x + wg.x";

/** A number of workgroups folded into two dimensions, since one has a limit. Kernels count them by `GROUP`. */
export function foldGrid(groups: number, maxPerDimension: number): Grid {
  if (groups <= maxPerDimension) return [groups, 1, 1];
  const rows = Math.ceil(groups / maxPerDimension);
  return [Math.ceil(groups / rows), rows, 1];
}

/** The plan of a split whose workgroups take `each` values; their number is the uniform `name`. */
export const groupsOf =
  (each: number, name: "count" | "rows"): Split["plan"] =>
  ({ maxWorkgroupsPerDimension }, count) => ({
    uniforms: { [name]: count },
    grid: foldGrid(Math.ceil(count / each), maxWorkgroupsPerDimension),
  });

/** One invocation a value, whose flat index is `i`. */
export const perValue: Split = {
  workgroup: WORKGROUP,
  uniforms: { count: "u32" },
  around: (body) => `  let i = (${GROUP}) * ${WORKGROUP}u + lid;\n  if (i >= u.count) { return; }\n${body}`,
  plan: groupsOf(WORKGROUP, "count"),
};

/**
 * A loop over outputs `i`: a workgroup takes WORKGROUP * share outputs that lie together, its invocations side by side. On
 * CPUs starting an invocation costs as much as several outputs: a sum of 860,000 pairs took 8.4 ms one each and 1.6 ms sixty-four
 * each on llvmpipe. Shares are long, but leave work for every core.
 */
export const gridStride: Split = {
  workgroup: WORKGROUP,
  uniforms: { count: "u32", share: "u32" },
  around: (body, setup) => `  let first = (${GROUP}) * ${WORKGROUP}u * u.share + lid;
  let last = min(u.count, first - lid + ${WORKGROUP}u * u.share);
${setup}
  for (var i = first; i < last; i += ${WORKGROUP}u) {
${body}
  }`,
  plan(caps, count) {
    const [groups, longest] = caps.software ? [32, 64] : [8192, 8];
    const share = Math.min(longest, Math.max(1, Math.floor(count / (WORKGROUP * groups))));
    const { grid } = perValue.plan(caps, Math.ceil(count / share));
    return { uniforms: { count, share }, grid };
  },
};

/** WGSL for the loop along a row of `rowStride`, whose body sees `row` and `j`, the place in the row. */
export const ALONG = "for (var j = flat & ((1u << u.shift) - 1u); j < u.length; j += 1u << u.shift)";

/**
 * Rows of one length without a division for every value (integer division is what costs most on CPUs): 2^shift invocations
 * go along a row together, with about four values each, so that a GPU's loads and stores stay side by side. On CPUs, where
 * starting an invocation costs as much as several values, with about sixty-four each: permuting attention's operands, rows of 32,
 * takes 2.6 ms instead of 6.4 on llvmpipe, and packing 3584 x 896 transposed 5.6 instead of 21.
 */
export const rowStride: Split = {
  workgroup: WORKGROUP,
  uniforms: { rows: "u32", length: "u32", shift: "u32" },
  around: (body) => `  let flat = (${GROUP}) * ${WORKGROUP}u + lid;
  let row = flat >> u.shift;
  if (row >= u.rows) { return; }
${body}`,
  plan(caps, rows, length = 1) {
    const each = caps.software ? 6 : 2;
    const shift = Math.min(6, Math.max(0, Math.ceil(Math.log2(Math.max(1, length))) - each));
    const { grid } = perValue.plan(caps, length === 0 ? 0 : rows * 2 ** shift);
    return { uniforms: { rows, length, shift }, grid };
  },
};

/** A workgroup of `threads` for each row. Whole workgroups leave together, so barriers stay in uniform control flow. */
/* @__NO_SIDE_EFFECTS__ */
export const perGroup = (threads: number): Split => ({
  workgroup: threads,
  uniforms: { rows: "u32" },
  around: (body) => `  let row = ${GROUP};\n  if (row >= u.rows) { return; }\n${body}`,
  plan: groupsOf(1, "rows"),
});

/** Rows that take one invocation each, or a workgroup each: the row is `e`, and `lane` the place of an invocation along it. */
export const perRow = (threads: number): Split => ({
  workgroup: threads === 1 ? WORKGROUP : threads,
  uniforms: { count: "u32" },
  around: (body) => `  let e = ${threads === 1 ? `(${GROUP}) * ${WORKGROUP}u + lid` : GROUP};
  let lane = ${threads === 1 ? "0u" : "lid"};
  if (e >= u.count) { return; }
${body}`,
  plan: groupsOf(threads === 1 ? WORKGROUP : 1, "count"),
});
