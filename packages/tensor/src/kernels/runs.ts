import { FLAT, flatGrid } from "./kernel.js";

/**
 * Rows of one length shared out without a division for every value (integer division is what costs most on CPUs): 2^shift
 * neighbours go along a row together, about four values each, so that a GPU's loads and stores stay side by side.
 * `along` is the loop; its body sees `row` and `j`, the place in the row.
 */
export const RUNS = {
  uniforms: { rows: "u32", length: "u32", shift: "u32" },
  begin: `let flat = (wg.y * groups.x + wg.x) * ${FLAT}u + lid;
  let row = flat >> u.shift;
  if (row >= u.rows) { return; }`,
  along: "for (var j = flat & ((1u << u.shift) - 1u); j < u.length; j += 1u << u.shift)",
} as const;

/** The uniforms of a kernel over runs, and its grid; `alone` gives each row to one invocation. */
export function planRuns(rows: number, length: number, alone = false) {
  const neighbours = Math.min(6, Math.max(0, Math.ceil(Math.log2(Math.max(1, length))) - 2));
  const shift = alone ? 0 : neighbours;
  return { uniforms: { rows, length, shift }, grid: flatGrid(length === 0 ? 0 : rows * 2 ** shift) };
}
