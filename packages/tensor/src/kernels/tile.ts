import type { KernelSource } from "./kernel.js";

/** How a tile of a product is split: `lines` lines of `lanes` invocations, which each own 4 x `vectors` columns of `rows` rows. */
export interface Tile {
  kind: "subgroup" | "register" | "workgroup" | "direct" | "panel" | "matrix";
  lanes: number;
  /** One but for workgroup and matrix tiles. */
  lines: number;
  rows: number;
  vectors: number;
  /**
   * Values of k that are read together: in one iteration of a register or direct tile's loop, in one load of a workgroup tile's, or in the
   * block that a panel tile keeps. k is a multiple of it.
   */
  steps: number;
}

/** Rows and columns of the output that one workgroup covers. */
export const tileHeight = ({ lines, rows }: Pick<Tile, "lines" | "rows">): number => lines * rows;
export const tileWidth = ({ lanes, vectors }: Pick<Tile, "lanes" | "vectors">): number => lanes * 4 * vectors;

/** How the operands lie in memory: gradients read them as they are instead of copying them first. */
export interface OperandLayout {
  /** `a` is [k, m]. */
  transposed: boolean;
  /** The right operand is [k, n], n a multiple of 4, and not packed. */
  plain: boolean;
  /** Rows of `a` are the windows of a convolution, read from the images (window.ts). */
  windows: boolean;
}

export const PACKED: OperandLayout = { transposed: false, plain: false, windows: false };

export const range = (n: number): number[] => [...Array(n).keys()];

/**
 * WGSL for the number of an invocation's rows that exist. As a loop's bound it also keeps drivers from unrolling the code after
 * the sums: an unrolled tail takes llvmpipe seconds to compile.
 */
export const liveRows = (tile: Tile): string => `let live = min(${tile.rows}u, max(u.m, row0) - row0);`;

/**
 * WGSL that runs a body for each `r` of an invocation's rows that exist. In tiles of GPUs the loop has a constant bound, since GPUs keep
 * an array of sums in registers only where the loop over it unrolls.
 */
export const eachRow = ({ kind, rows }: Tile, body: string): string =>
  kind === "workgroup" || kind === "direct"
    ? `for (var r = 0u; r < rolled(${rows}u, u.m); r++) {\n    if (r >= live) { break; }\n${body}\n  }`
    : `for (var r = 0u; r < live; r++) {\n${body}\n  }`;

export const sumNames = (tile: Tile): string[] =>
  range(tile.rows).flatMap((r) => range(tile.vectors).map((c) => `s${r}_${c}`));

/** WGSL that declares the array `sums`, a tile's sums row by row; a panel tile has arrays from the beginning. */
export const sumArray = (tile: Tile): string =>
  tile.kind === "panel"
    ? ""
    : `  var sums = array<vec4f, ${tile.rows * tile.vectors}>(${sumNames(tile).join(", ")});`;

/**
 * WGSL around code that uses private arrays of a float a row, and one more. llvmpipe clears arrays value by value, and LLVM takes quadratic time
 * for the stores of one block of code, so each is declared in a loop that runs once. `any` is a uniform below 2^31, which hides that.
 */
export const arraysOfRows = (
  names: readonly string[],
  rows: number,
  any: string,
): { open: string; close: string } => ({
  open: names
    .map(
      (name) => `  for (var once = 0u; once < rolled(1u, ${any}); once++) {
  var ${name}: array<f32, ${rows + 1}>;`,
    )
    .join("\n"),
  close: "}".repeat(names.length),
});

/** WGSL for a panel tile's sums of row `r` in its vector `v`. */
export const panelSums = (v: number): string =>
  `vec4f(sums${v}x[r], sums${v}y[r], sums${v}z[r], sums${v}w[r])`;

/** WGSL for a tile's sums of row `r` in its vector `v`, after `sumArray`. */
export const sumsOfRow = ({ kind, vectors }: Tile, v: number): string =>
  kind === "panel" ? panelSums(v) : `sums[r * ${vectors}u + ${v}u]`;

/**
 * The part of a kernel that sums a tile over k, shared by products and by the nearest-row search. With moments, each lane also sums
 * the values of a row and their squares (`total0` and `squares0` for the first rows; in panel tiles `totals[r]` and `squared[r]`), from which a
 * layer norm follows without another read. Rows are then shifted by their first value to keep precision under a large mean.
 */
export interface MainLoop {
  source: Pick<KernelSource, "workgroup" | "enable" | "builtins" | "declare">;
  /** How `a` is bound. */
  element: "f32" | "vec2f" | "vec4f";
  /** How the right operand is bound. */
  panels: "vec2u" | "vec2f" | "vec4f";
  /** Declares `batch`, `row0`, `aBase` and `panelBase`. */
  begin: string;
  /** Declares the tile's sums as zero. */
  declareSums: string;
  /** Closes what `declareSums` opened, after the sums' last use. */
  end?: string;
  /** Reads what `begin` declares and `colTile`, and adds into the sums. */
  loop: string;
  /** The index of this invocation's columns among the lanes. */
  lane: string;
}

/** `first` is the first row of an invocation in its workgroup. */
export const begin = (tile: Tile, first: string): string => `  let batch = wg.z;
  let row0 = wg.x * ${tileHeight(tile)}u + ${first};
  let aBase = batch * u.aBatch;
  let panelBase = batch * u.panelBatch;`;

export const declareSums = (tile: Tile): string =>
  sumNames(tile)
    .map((name) => `  var ${name} = vec4f();`)
    .join("\n");

/** WGSL for four values held as float16 in a vec2u. */
export const halves = (pair: string): string =>
  `vec4f(unpack2x16float(${pair}.x), unpack2x16float(${pair}.y))`;
