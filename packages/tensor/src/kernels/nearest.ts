import { FLOAT } from "./float.js";
import { perValue, ROW_THREADS } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";
import { mainLoop } from "./main-loop.js";
import { inverseNormOf, type RowVariant, rowElement, rowSplit } from "./rows.js";
import { eachRow, liveRows, type MainLoop, range, sumArray, sumsOfRow, type Tile } from "./tile.js";

/**
 * The largest inner product of each row of `a` over the columns of `panels`, and its column, for one share of the columns: the main loop
 * of a matrix product that ends in a maximum, so that the matrix is never stored. A subgroup takes one tile of columns and writes one partial
 * result a row, since a loop of tiles around the product's loop costs a tenth of its speed on llvmpipe. Elsewhere every lane writes one.
 * `nearestMergeKernel` or `nearestIndexKernel` joins them. Where it is `shifted`, each column's `shift` is added to its products: with
 * -|b|^2 / 2 the largest is the column at the smallest distance. A product that is NaN or infinite counts as `doubt`, Infinity, since maxima
 * may lose a NaN.
 *
 * Work split: workgroup (row tile, share of the column tiles, batch).
 */
export const nearestKernel = defineKernel("nearest", (variant: SearchVariant) => {
  const { tile, half, shifted } = variant;
  const main = mainLoop(tile, half);
  const searchOf = tile.kind === "workgroup" ? tileSearch : tile.kind === "panel" ? panelSearch : laneSearch;
  return {
    name: `nearest ${tile.kind} ${tile.rows}x${4 * tile.vectors}`,
    reads: { a: main.element, panels: main.panels, ...(shifted && { shift: "f32" }) },
    writes: { values: "f32", columns: "u32" },
    uniforms: {
      ...u32("m", "n", "k", "aBatch", "panelBatch", "shiftBatch", "tiles"),
      lowest: "f32",
      doubt: "f32",
    },
    ...main.source,
    declare: `${main.source.declare ?? ""}
const NONE = 0xffffffffu;
fn counted(v: vec4f) -> vec4f {
  return select(v, vec4f(u.doubt), (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) >= vec4u(0x7f800000u));
}
fn largest(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }
fn lowest(v: vec4u) -> u32 { return min(min(v.x, v.y), min(v.z, v.w)); }`,
    body: `${main.begin}
${searchOf(variant, main)}`,
  };
});

/** One tile of columns, whose rows end one after another: the sums of a panel tile lie in arrays. */
const panelSearch = (variant: SearchVariant, main: MainLoop): string => {
  const { tile } = variant;
  return `  let colTile = wg.y;
${main.declareSums}
${main.loop}
${columnsOf(variant, main)}
  ${liveRows(tile)}
  ${eachRow(
    tile,
    `${largestOfRow(variant, "", (v) => sumsOfRow(tile, v))}
${storeJoined("most", "at", main)}`,
  )}
${main.end ?? ""}`;
};

/** WGSL that opens the loop of an invocation over its share of the column tiles. */
const SHARE = `  let first = wg.y * u.tiles / groups.y;
  let last = (wg.y + 1u) * u.tiles / groups.y;
  for (var colTile = first; colTile < last; colTile++) {`;

/** On GPUs the best of each lane so far lies in the results, since the main loop has better use for the registers. */
const tileSearch = (variant: SearchVariant, main: MainLoop): string => {
  const { tile } = variant;
  return `  ${liveRows(tile)}
${SHARE}
${main.declareSums}
${main.loop}
${columnsOf(variant, main)}
${sumArray(tile)}
  ${eachRow(
    tile,
    `${largestOfRow(variant, "", (v) => sumsOfRow(tile, v))}
${placeOf(tile, main)}
    if (colTile == first || most > values[place]) { values[place] = most; columns[place] = at; }`,
  )}
  }`;
};

/**
 * The other tiles hold the sums of a row in variables, and the best of each lane so far. Subgroups take one tile of columns; a loop over their
 * rows instead of this text for each costs a third of the speed on llvmpipe. Elsewhere an invocation takes a share of the tiles.
 */
const laneSearch = (variant: SearchVariant, main: MainLoop): string => {
  const { tile } = variant;
  const each = (line: (row: number) => string) => range(tile.rows).map(line).join("\n");
  const storeLanes = `${placeOf(tile, main)}
    values[place] = best[r];
    columns[place] = found[r];`;
  return `${each((r) => `  var best${r} = u.lowest;\n  var found${r} = NONE;`)}
${joinsLanes(tile) ? "  let colTile = wg.y;\n  {" : SHARE}
${main.declareSums}
${main.loop}
${columnsOf(variant, main)}
${each(
  (r) => `${largestOfRow(variant, `${r}`, (v) => `s${r}_${v}`)}
    let better${r} = most${r} > best${r};
    found${r} = select(found${r}, at${r}, better${r});
    best${r} = select(best${r}, most${r}, better${r});`,
)}
  }
  ${liveRows(tile)}
  var best = array<f32, ${tile.rows}>(${range(tile.rows).map((r) => `best${r}`)});
  var found = array<u32, ${tile.rows}>(${range(tile.rows).map((r) => `found${r}`)});
  ${eachRow(tile, joinsLanes(tile) ? storeJoined("best[r]", "found[r]", main) : storeLanes)}`;
};

/** WGSL that declares the place of a lane's result for row r. */
const placeOf = (tile: Tile, main: MainLoop): string =>
  `    let place = ((batch * u.m + row0 + r) * groups.y + wg.y) * ${tile.lanes}u + ${main.lane};`;

/** WGSL that joins the lanes' best of row r and its column, and stores them once. */
const storeJoined = (
  best: string,
  column: string,
  main: MainLoop,
): string => `    let joined = subgroupMax(${best});
    let lowestAt = subgroupMin(select(NONE, ${column}, ${best} == joined));
    if (${main.lane} == 0u) {
      let place = (batch * u.m + row0 + r) * groups.y + wg.y;
      values[place] = joined;
      columns[place] = lowestAt;
    }`;

/** WGSL that declares the columns of an invocation, whether they exist, and their shifts. */
const columnsOf = ({ tile, shifted }: SearchVariant, main: MainLoop): string =>
  range(tile.vectors)
    .map((v) => {
      const shift = range(4).map((c) => `shift[batch * u.shiftBatch + min(column${v}[${c}], u.n - 1u)]`);
      return `    let column${v} = vec4u(((colTile * ${tile.vectors}u + ${v}u) * ${tile.lanes}u + ${main.lane}) * 4u) + vec4u(0u, 1u, 2u, 3u);
    let inside${v} = column${v} < vec4u(u.n);${shifted ? `\n    let shift${v} = vec4f(${shift});` : ""}`;
    })
    .join("\n");

/** WGSL that declares `most` and `at`: the largest of an invocation's sums of a row, and the lowest of its columns that have it. */
function largestOfRow(
  { tile, shifted }: SearchVariant,
  row: string,
  sum: (vector: number) => string,
): string {
  const vectors = range(tile.vectors);
  const counted = (v: number) =>
    `    let c${row}_${v} = select(vec4f(u.lowest), counted(${sum(v)}${shifted ? ` + shift${v}` : ""}), inside${v});`;
  const at = (v: number) =>
    `select(vec4u(NONE), column${v}, inside${v} & (c${row}_${v} == vec4f(most${row})))`;
  return `${vectors.map(counted).join("\n")}
    let most${row} = largest(${vectors.map((v) => `c${row}_${v}`).reduce(both("max"))});
    let at${row} = lowest(${vectors.map(at).reduce(both("min"))});`;
}

export interface SearchVariant {
  tile: Tile;
  half: boolean;
  shifted?: true;
}

/** Whether the lanes of a tile join their results, and so give one for a tile of columns. */
export const joinsLanes = ({ kind }: Tile): boolean => kind === "subgroup" || kind === "panel";

/**
 * Joins the partial results of `nearestKernel` and divides by the length of the query, which is read in the same pass. Ties go to the
 * lowest column; the similarity of a zero row is 0, and one in doubt is NaN.
 *
 * Work split: rowSplit; where a workgroup shares a row, its invocations join every so many-th part, then each other's.
 */
export const nearestMergeKernel = defineKernel("nearest merge", ({ shared, wide }: RowVariant) => {
  const [split, element] = [rowSplit(shared), rowElement(wide)];
  return {
    reads: { values: "f32", columns: "u32", query: element.type },
    writes: { similarity: "f32", index: "i32" },
    uniforms: { n: "u32", parts: "u32" },
    split,
    declare: `${FLOAT.is_finite}\n${FLOAT.nan}${shared ? `\n${JOINED}` : ""}`,
    body: `${inverseNormOf("query", split, element)}
${shared ? JOIN : ""}
  if (${split.start} == 0u) {
    ${shared ? "" : bestOf("row")}
    similarity[row] = select(nan(), best * inverse, is_finite(best) && is_finite(inverse));
    index[row] = i32(column);
  }`,
  };
});

/** Joins the partial results of a search: the largest value of each row and its column, the lowest of equals. A value in doubt is NaN. */
export const nearestIndexKernel = defineKernel("nearest index", () => ({
  reads: { values: "f32", columns: "u32" },
  writes: { value: "f32", index: "i32" },
  uniforms: { parts: "u32" },
  split: perValue,
  declare: `${FLOAT.is_finite}\n${FLOAT.nan}`,
  body: `    ${bestOf("i")}
    value[i] = select(nan(), best, is_finite(best));
    index[i] = i32(column);`,
}));

/** WGSL that takes a better `other` with the column `at`. */
const TAKE_BETTER = "if (other > best || (other == best && at < column)) { best = other; column = at; }";

/** WGSL that declares `best` and `column`, joined from every `step`-th part of a row. */
const bestOf = (
  row: string,
  first = "0u",
  step = "1u",
): string => `var best = values[${row} * u.parts + ${first}];
    var column = columns[${row} * u.parts + ${first}];
    for (var p = ${first} + ${step}; p < u.parts; p += ${step}) {
      let other = values[${row} * u.parts + p];
      let at = columns[${row} * u.parts + p];
      ${TAKE_BETTER}
    }`;

const JOINED = `var<workgroup> bests: array<f32, ${ROW_THREADS}>;
var<workgroup> places: array<u32, ${ROW_THREADS}>;`;

/** The same, joined by all invocations of a workgroup; those past the last part begin with it again. */
const JOIN = `  ${bestOf("row", "min(lid, u.parts - 1u)", `${ROW_THREADS}u`)}
  bests[lid] = best;
  places[lid] = column;
  workgroupBarrier();
  for (var half = rolled(${ROW_THREADS / 2}u, u.parts); half > 0u; half = half / 2u) {
    if (lid < half) {
      let other = bests[lid + half];
      let at = places[lid + half];
      ${TAKE_BETTER}
      bests[lid] = best;
      places[lid] = column;
    }
    workgroupBarrier();
  }`;

const both = (of: string) => (a: string, b: string) => `${of}(${a}, ${b})`;
