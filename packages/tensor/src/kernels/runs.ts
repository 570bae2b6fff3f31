import type { Caps } from "../device/caps.js";
import { FLAT, flatGrid } from "./kernel.js";

/**
 * Rows of one length shared out without a division for every value (integer division is what costs most on CPUs): 2^shift
 * neighbours go along a row together, about four values each, so that a GPU's loads and stores stay side by side. On CPUs,
 * where starting an invocation costs as much as several values, about sixty-four each: permuting attention's operands,
 * rows of 32, takes 2.6 ms instead of 6.4 on llvmpipe, and packing 3584 x 896 transposed 5.6 instead of 21.
 * `along` is the loop; its body sees `row` and `j`, the place in the row.
 */
export const RUNS = {
  uniforms: { rows: "u32", length: "u32", shift: "u32" },
  begin: `let flat = (wg.y * groups.x + wg.x) * ${FLAT}u + lid;
  let row = flat >> u.shift;
  if (row >= u.rows) { return; }`,
  along: "for (var j = flat & ((1u << u.shift) - 1u); j < u.length; j += 1u << u.shift)",
} as const;

/** The uniforms of a kernel over runs, and its grid. */
export function planRuns(rows: number, length: number, { software }: Pick<Caps, "software">) {
  const each = software ? 6 : 2;
  const shift = Math.min(6, Math.max(0, Math.ceil(Math.log2(Math.max(1, length))) - each));
  return { uniforms: { rows, length, shift }, grid: flatGrid(length === 0 ? 0 : rows * 2 ** shift) };
}
