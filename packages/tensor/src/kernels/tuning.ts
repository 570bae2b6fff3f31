import type { Tile } from "./tile.js";

/** Tiles that measured best on an adapter, by `tuningKey`; under `RULE_KEY` the one whose kind of tiles the planner's rule takes. */
export type Tuning = Map<string, Tile>;

/** The entry for products of any shape. */
export const RULE_KEY = "gemm";

/** The entry for nearest-row searches beside a rule of panel tiles: a panel tile where they gain by it too. */
export const SEARCH_KEY = "nearest";

/** The entry for products with float16 weights: a matrix tile where they use a GPU's matrices, another where they do not. */
export const MATRIX_KEY = "gemm matrix";

/**
 * The name under which a product's tile is kept: sizes within an eighth of a power of two share one.
 *
 * @example
 * tuningKey(226, 896, 3584); // "gemm 240x896x3584"
 */
export function tuningKey(m: number, k: number, n: number): string {
  return `gemm ${[m, k, n].map(rounded).join("x")}`;
}

function rounded(size: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, size))) - 3);
  return Math.ceil(size / step) * step;
}
