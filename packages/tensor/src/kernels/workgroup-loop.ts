import {
  begin,
  declareSums,
  halves,
  type MainLoop,
  type OperandLayout,
  range,
  type Tile,
  tileHeight,
  tileWidth,
} from "./tile.js";
import { WINDOW } from "./window.js";

/** Values of k that GPUs add in one turn of the innermost loop. */
const UNROLLED = 4;
/** Vectors of four columns in a panel. */
const PANEL = 16;

const WINDOW_VALUE = `
${WINDOW}
fn windowValue(row: u32, k: u32) -> f32 {
  if (k >= u.k) { return 0.0; }
  let w = window(row);
  let place = k / u.run;
  let ky = place / u.kernelX;
  let kx = place % u.kernelX;
  if (!windowHolds(w, ky, kx)) { return 0.0; }
  return a[windowAt(w, ky, kx) + k % u.run];
}`;

const lines = (texts: readonly string[]): string => texts.join("\n");

/** Values of k that lie in workgroup memory at once: as many as give each invocation a block of 4 x 4 of the left operand. */
export const kStep = (tile: Tile): number => (16 * tile.lanes * tile.lines) / tileHeight(tile);

/** How an invocation brings its share of an operand into workgroup memory. */
interface Share {
  /** Declares where it lies, before the main loop. */
  setup: string;
  /** Reads the share of a turn that begins at `k0` into `left` or `right`. Past the last k it is 0. */
  fetch: string;
  /** Writes it into workgroup memory. */
  store: string;
}

/**
 * A tile in workgroup memory, best on GPUs. An invocation adds up to 8 x 8 products for four vectors that it reads, since a multiprocessor
 * reads workgroup memory at a fraction of the rate at which it multiplies.
 *
 * The left operand lies transposed, so that an invocation's rows are vectors; a vector of padding spreads the writes over the banks. The
 * vectors of a turn are on their way while the one before is added. Rows and columns past the ends read others, and are not stored. Loops
 * of constant length unroll on GPUs, which keeps `left` and `right` in registers.
 */
export function workgroupLoop(tile: Tile, half: boolean, layout: OperandLayout): MainLoop {
  const { rows, lanes, vectors } = tile;
  const height = tileHeight(tile) / 4 + 1;
  const width = tileWidth(tile) / 4;
  const step = kStep(tile);
  const shares = [leftShare(tile, layout), rightShare(tile, half, layout.plain)];
  const each = (part: keyof Share) => lines(shares.map((share) => share[part]));
  const add = [
    ...range(rows / 4).map(
      (i) => `      let a${i} = tileA[(kk + s) * ${height}u + ly * ${rows / 4}u + ${i}u];`,
    ),
    ...range(vectors).map((c) => `      let b${c} = tileB[(kk + s) * ${width}u + ${c * lanes}u + lx];`),
    ...range(rows).flatMap((r) =>
      range(vectors).map(
        (c) => `      s${r}_${c} = fma(vec4f(a${r >> 2}.${"xyzw"[r % 4]}), b${c}, s${r}_${c});`,
      ),
    ),
  ];
  return {
    source: {
      workgroup: lanes * tile.lines,
      declare: `var<workgroup> tileA: array<vec4f, ${step * height}>;
var<workgroup> tileB: array<vec4f, ${step * width}>;${layout.windows ? WINDOW_VALUE : ""}`,
    },
    element: readsVectors(tile, layout) ? "vec4f" : "f32",
    panels: half ? "vec2u" : "vec4f",
    declareSums: declareSums(tile),
    loop: `  let lx = lid % ${lanes}u;
  let ly = lid / ${lanes}u;
${each("setup")}
  // One turn more than there are steps: each adds what the one before has stored.
  for (var k0 = 0u; k0 < u.k + ${step}u; k0 += ${step}u) {
${each("fetch")}
    if (k0 > 0u) {
    for (var kk = 0u; kk < rolled(${step}u, u.k); kk += ${UNROLLED}u) {
    for (var s = 0u; s < rolled(${UNROLLED}u, u.k); s++) {
${lines(add)}
    }
    }
    }
    workgroupBarrier();
${each("store")}
    workgroupBarrier();
  }`,
    begin: begin(tile, `(lid / ${lanes}u) * ${rows}u`),
    lane: `(lid % ${lanes}u)`,
  };
}

/** Whether the left operand is read four values of k at once. */
const readsVectors = ({ steps }: Tile, { transposed, windows }: OperandLayout): boolean =>
  steps === 4 && !transposed && !windows;

const times = (n: number, body: string): string =>
  `    for (var i = 0u; i < rolled(${n}u, u.k); i++) {\n${body}\n    }`;

/** A block of four rows and four k. Neighbouring invocations take neighbouring values, whichever way the operand lies. */
function leftShare(tile: Tile, layout: OperandLayout): Share {
  const { transposed, windows } = layout;
  const [blocks, groups] = [tileHeight(tile) / 4, kStep(tile) / 4];
  const [block, group] = transposed
    ? [`lid % ${blocks}u`, `lid / ${blocks}u`]
    : [`lid / ${groups}u`, `lid % ${groups}u`];
  const wide = readsVectors(tile, layout);
  // Components are k of row i where the operand lies row by row, and rows of k + i where it is transposed.
  const value = (c: number) => {
    const [row, k] = transposed ? [`aRow[${c}]`, "k + i"] : ["aRow[i]", `k + ${c}u`];
    if (windows) return `windowValue(${row}, ${k})`;
    const at = transposed ? `(${k}) * u.m + ${row}` : `${row} * u.k + ${k}`;
    return `select(0.0, a[aBase + ${at}], ${k} < u.k)`;
  };
  const read = wide
    ? "select(vec4f(), a[aAt[i] + k0 / 4u], k < u.k)"
    : `vec4f(${range(4).map(value).join(", ")})`;
  const rowsOfK = transposed
    ? "left[i]"
    : `vec4f(${range(4)
        .map((r) => `left[${r}][i]`)
        .join(", ")})`;
  return {
    setup: `  let aBlock = ${block};
  let aK = ${group} * 4u;
  var aRow: array<u32, 4>;
  var aAt: array<u32, 4>;
${times(
  4,
  `      aRow[i] = min(wg.x * ${4 * blocks}u + aBlock * 4u + i, u.m - 1u);
      aAt[i] = (aBase + aRow[i] * u.k + aK) / 4u;`,
)}`,
    fetch: `    var left: array<vec4f, 4>;
    let k = k0 + aK;
${times(4, `      left[i] = ${read};`)}`,
    // Whole vectors are written: a component that is written alone may be a race with another of its vector.
    store: times(4, `      tileA[(aK + i) * ${blocks + 1}u + aBlock] = ${rowsOfK};`),
  };
}

/** Vectors of four columns of one k. Columns of a panel past the last are 0. */
function rightShare(tile: Tile, half: boolean, plain: boolean): Share {
  const [threads, width] = [tile.lanes * tile.lines, tileWidth(tile) / 4];
  const count = (kStep(tile) * width) / threads;
  const apart = `${threads / width}u`;
  const [type, held] = half ? ["vec2u", halves("right[i]")] : ["vec4f", "right[i]"];
  const first = plain
    ? "min(column, u.n / 4u - 1u)"
    : `column / ${PANEL}u * u.k * ${PANEL}u + column % ${PANEL}u`;
  return {
    setup: `  let bK = lid / ${width}u;
  let column = colTile * ${width}u + lid % ${width}u;
  let bAt = panelBase + ${first};`,
    fetch: `    var right: array<${type}, ${count}>;
${times(
  count,
  `      let kb = k0 + bK + i * ${apart};
      right[i] = select(${type}(), panels[bAt + kb * ${plain ? "(u.n / 4u)" : `${PANEL}u`}], kb < u.k);`,
)}`,
    store: times(count, `      tileB[(bK + i * ${apart}) * ${width}u + lid % ${width}u] = ${held};`),
  };
}
