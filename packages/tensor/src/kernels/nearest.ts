import type { KernelFamily } from "../device/caps.js";
import { liveRows, mainLoop, range, type Tile } from "./gemm.js";
import { type Kernel, kernel, kernelFor } from "./kernel.js";
import { inverseNormOf, rowElement, rowSplit } from "./rows.js";

/**
 * The largest inner product of each row of `a` over the columns of `panels`, and its column, for one share of the
 * columns: the main loop of a matrix product with a running maximum as its end, so that the matrix is never stored. Every
 * lane leaves one partial result; `nearestMergeKernel` joins them.
 *
 * Work split: workgroup (row tile, share of the column tiles, batch).
 */
export function nearestKernel(tile: Tile, half: boolean): Kernel {
  return kernelFor(`nearest:${JSON.stringify(tile)}:${half}`, () => {
    const main = mainLoop(tile, half);
    const { rows, vectors, lanes } = tile;
    return kernel({
      name: `nearest ${tile.kind} ${rows}x${4 * vectors}`,
      reads: { a: main.element, panels: main.panels },
      writes: { values: "f32", columns: "u32" },
      uniforms: {
        m: "u32",
        n: "u32",
        k: "u32",
        aBatch: "u32",
        panelBatch: "u32",
        tiles: "u32",
        lowest: "f32",
      },
      ...main.source,
      declare: `${main.source.declare ?? ""}
const NONE = 0xffffffffu;`,
      body: `
  let batch = wg.z;
  let row0 = wg.x * ${main.rowsPerGroup}u + ${main.rowOffset};
  let aBase = batch * u.aBatch;
  let panelBase = batch * u.panelBatch;
${rowsOf(tile, (r) => `  var best${r} = vec4f(u.lowest);\n  var found${r} = vec4u(NONE);`)}
  let first = wg.y * u.tiles / groups.y;
  let last = (wg.y + 1u) * u.tiles / groups.y;
  for (var colTile = first; colTile < last; colTile++) {
${main.declareSums}
${main.loop}
${range(vectors)
  .map(
    (v) => `    let panel${v} = colTile * ${vectors}u + ${v}u;
    let column${v} = (panel${v} * ${lanes}u + ${main.lane}) * 4u;
    let inside${v} = vec4u(column${v}) + vec4u(0u, 1u, 2u, 3u) < vec4u(u.n);`,
  )
  .join("\n")}
${rowsOf(tile, (r) =>
  range(vectors)
    .map(
      (v) => `    let better${r}_${v} = (s${r}_${v} > best${r}) & inside${v};
    best${r} = select(best${r}, s${r}_${v}, better${r}_${v});
    found${r} = select(found${r}, vec4u(panel${v}), better${r}_${v});`,
    )
    .join("\n"),
)}
  }
  ${liveRows(tile)}
  var best = array<vec4f, ${rows}>(${range(rows).map((r) => `best${r}`)});
  var found = array<vec4u, ${rows}>(${range(rows).map((r) => `found${r}`)});
  for (var r = 0u; r < live; r++) {
    var value = best[r].x;
    var panel = found[r].x;
    var j0 = 0u;
    for (var j = 1u; j < 4u; j++) {
      let other = best[r][j];
      if (other > value || (other == value && found[r][j] < panel)) { value = other; panel = found[r][j]; j0 = j; }
    }
    let at = ((batch * u.m + row0 + r) * groups.y + wg.y) * ${lanes}u + ${main.lane};
    values[at] = value;
    columns[at] = select((panel * ${lanes}u + ${main.lane}) * 4u + j0, NONE, panel == NONE);
  }`,
    });
  });
}

/**
 * Joins the partial results of `nearestKernel` and divides by the query's length, read in the same pass: ties go to the lowest
 * column, and a zero row is like nothing.
 *
 * Work split: that of `rowSplit`; where a workgroup shares a row, its first invocation joins and writes.
 */
export function nearestMergeKernel(family: KernelFamily, width: number): Kernel {
  const element = rowElement(width);
  return kernelFor(`nearestMerge:${family === "workgroup"}:${element.type}`, () => {
    const split = rowSplit(family);
    return kernel({
      name: "nearest merge",
      reads: { values: "f32", columns: "u32", query: element.type },
      writes: { similarity: "f32", index: "i32" },
      uniforms: { rows: "u32", n: "u32", parts: "u32" },
      ...split.source,
      body: `  ${split.begin}
${inverseNormOf("query", split, element)}
  if (${split.start} == 0u) {
    var value = values[row * u.parts];
    var column = columns[row * u.parts];
    for (var p = 1u; p < u.parts; p++) {
      let other = values[row * u.parts + p];
      let at = columns[row * u.parts + p];
      if (other > value || (other == value && at < column)) { value = other; column = at; }
    }
    similarity[row] = value * inverse;
    index[row] = i32(column);
  }`,
    });
  });
}

const rowsOf = ({ rows }: Tile, line: (row: number) => string): string => range(rows).map(line).join("\n");
