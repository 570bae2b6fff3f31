import type { MatrixUnit } from "../device/caps.js";
import { ending, type GemmVariant } from "./gemm.js";
import { defineKernel, u32 } from "./kernel.js";
import { range, type Tile, tileHeight, tileWidth } from "./tile.js";

/** Rows and columns of the output that a subgroup sums, multiples of every matrix's. Four subgroups share a tile, two by two. */
const TALL = 32;
const WIDE = 32;
const SUBGROUPS = 4;
/** Values of k that lie in workgroup memory at once, and halves from one row or column there to the next: eight more spread them over the banks. */
export const DEPTH = 32;
const PITCH = DEPTH + 8;

/** The tile of such a product: 64 x 64 values, of which an invocation stores every so many-th vector of four. */
export const matrixTile = ({ lanes }: MatrixUnit): Tile => {
  const lines = (SUBGROUPS * lanes) / 16;
  return { kind: "matrix", lanes: 16, lines, rows: (2 * TALL) / lines, vectors: 1, steps: 4 };
};

/** The tile of half the height, for few rows. It adds in the same order. */
export const shorter = (tile: Tile): Tile => ({ ...tile, rows: tile.rows / 2 });

export interface MatrixVariant
  extends Pick<GemmVariant, "tile" | "bias" | "activation" | "residual" | "aligned"> {
  unit: MatrixUnit;
}

/**
 * The product of `gemmKernel` by a GPU's own matrix instructions, for weights in float16: values of `a` are rounded to float16 on their way into
 * workgroup memory, and sums are float32, in the same order for any number of rows. k is a multiple of 4.
 *
 * In workgroup memory both operands lie with their values of k side by side. The operands of a turn are on their way while those of the one
 * before are multiplied. Sums leave through workgroup memory, one matrix of each subgroup at a time.
 *
 * Work split: workgroup (row tile, column tile, batch).
 */
export const matrixKernel = defineKernel("gemm matrix", (variant: MatrixVariant) => {
  const { tile, unit, bias, residual, aligned } = variant;
  const { m, n, k, lanes } = unit;
  const threads = SUBGROUPS * lanes;
  const [height, width] = [tileHeight(tile), tileWidth(tile)];
  const tall = height / 2;
  const element = aligned ? "vec4f" : "f32";
  const [down, across] = [range(tall / m), range(WIDE / n)];
  const each = (line: (i: number, j: number) => string) =>
    down.flatMap((i) => across.map((j) => line(i, j))).join("\n");
  // Vectors of a row, and blocks of four columns and four k, that an invocation brings.
  const groups = DEPTH / 4;
  const [rowsApart, groupsApart] = [threads / groups, (4 * threads) / width];
  const [vectors, blocks] = [height / rowsApart, groups / groupsApart];
  const times = (count: number, body: string) =>
    `    for (var i = 0u; i < rolled(${count}u, u.k); i++) {\n${body}\n    }`;
  const load = (side: "left" | "right", name: string, size: string, at: string, transposed: boolean) =>
    `subgroupMatrixLoad<subgroup_matrix_${side}<f16, ${size}>>(&${name}, ${at}, ${transposed}, ${PITCH}u)`;
  const multiply = range(DEPTH / k).map((t) =>
    [
      ...down.map(
        (i) =>
          `    let a${t}_${i} = ${load("left", "tileA", `${k}, ${m}`, `top + ${i * m * PITCH + t * k}u`, false)};`,
      ),
      ...across.map(
        (j) =>
          `    let b${t}_${j} = ${load("right", "tileB", `${n}, ${k}`, `first + ${j * n * PITCH + t * k}u`, true)};`,
      ),
      each(
        (i, j) => `    s${i}_${j} = subgroupMatrixMultiplyAccumulate(a${t}_${i}, b${t}_${j}, s${i}_${j});`,
      ),
    ].join("\n"),
  );
  const inMatrix = (m * n) / 4;
  const stored = (i: number, j: number) => `  workgroupBarrier();
  subgroupMatrixStore(&sums, subgroup % ${SUBGROUPS}u * ${m * n}u, s${i}_${j}, false, ${n}u);
  workgroupBarrier();
  for (var i = 0u; i < rolled(${Math.ceil((SUBGROUPS * inMatrix) / threads)}u, u.m); i++) {
    let e = lid + i * ${threads}u;
    let owner = e / ${inMatrix}u;
    let row = row0 + owner / 2u * ${tall}u + ${i * m}u + e % ${inMatrix}u / ${n / 4}u;
    let col = colTile * ${width}u + owner % 2u * ${WIDE}u + ${j * n}u + e % ${n / 4}u * 4u;
    let value = vec4f(${range(4)
      .map((c) => `sums[e * 4u + ${c}u]`)
      .join(", ")});
    if (row < u.m${(SUBGROUPS * inMatrix) % threads === 0 ? "" : ` && e < ${SUBGROUPS * inMatrix}u`}) { store(batch * u.m + row, col, value, u.scale${bias ? ", biasAt(col)" : ""}); }
  }`;
  // Places are written out, so that the compiler knows their bounds and joins the halves of a vector.
  const hold = (name: string, at: string, values: readonly string[]) =>
    values.map((value, c) => `    ${name}[${at} + ${c}u] = ${value};`).join("\n");
  return {
    name: `gemm matrix ${m}x${n}x${k} of ${height}x${width}`,
    reads: {
      a: "vec4f",
      panels: "vec4<f16>",
      ...(bias ? { bias: "f32" } : {}),
      ...(residual ? { residual: element } : {}),
    },
    writes: { out: element },
    uniforms: { ...u32("m", "n", "k", "aBatch", "panelBatch"), scale: "f32" },
    workgroup: threads,
    ...(unit.named && { subgroup: lanes }),
    // A subgroup's place is one for all its invocations, which the compiler's analysis does not know.
    enable: `diagnostic(off, chromium.subgroup_matrix_uniformity);
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;`,
    builtins: "@builtin(subgroup_id) subgroup: u32",
    declare: `var<workgroup> tileA: array<f16, ${height * PITCH}>;
var<workgroup> tileB: array<f16, ${width * PITCH}>;
var<workgroup> sums: array<f32, ${SUBGROUPS * m * n}>;
${ending(variant)}`,
    body: `  let batch = wg.z;
  let colTile = wg.y;
  let row0 = wg.x * ${height}u;
  let top = subgroup / 2u % 2u * ${tall * PITCH}u;
  let first = subgroup % 2u * ${WIDE * PITCH}u;
  let aRow = lid / ${groups}u;
  let aK = lid % ${groups}u * 4u;
  let bColumn = lid % ${width / 4}u;
  let bGroup = lid / ${width / 4}u;
  let aBase = batch * u.aBatch / 4u;
  let bBase = batch * u.panelBatch + colTile * u.k * ${width / 4}u + bColumn;
${each((i, j) => `  var s${i}_${j}: subgroup_matrix_result<f32, ${n}, ${m}>;`)}
  // One turn more than there are steps: each multiplies what the one before has stored.
  for (var k0 = 0u; k0 < u.k + ${DEPTH}u; k0 += ${DEPTH}u) {
    var left: array<vec4f, ${vectors}>;
    var right: array<vec4<f16>, ${4 * blocks}>;
    let ka = k0 + aK;
${times(
  vectors,
  `      let row = min(row0 + aRow + i * ${rowsApart}u, u.m - 1u);
      left[i] = select(vec4f(), a[aBase + (row * u.k + ka) / 4u], ka < u.k);`,
)}
${times(
  4 * blocks,
  `      let kb = k0 + (bGroup + i / 4u * ${groupsApart}u) * 4u + i % 4u;
      right[i] = select(vec4<f16>(), panels[bBase + kb * ${width / 4}u], kb < u.k);`,
)}
    if (k0 > 0u) {
${multiply.join("\n")}
    }
    workgroupBarrier();
${range(vectors)
  .map(
    (i) => `    let a${i} = vec4<f16>(left[${i}]);
${hold(
  "tileA",
  `(aRow + ${i * rowsApart}u) * ${PITCH}u + aK`,
  range(4).map((c) => `a${i}[${c}]`),
)}`,
  )
  .join("\n")}
${range(blocks)
  .flatMap((i) =>
    range(4).map((c) =>
      hold(
        "tileB",
        `bColumn * ${4 * PITCH}u + bGroup * 4u + ${i * groupsApart * 4 + c * PITCH}u`,
        range(4).map((r) => `right[${4 * i + r}][${c}]`),
      ),
    ),
  )
  .join("\n")}
    workgroupBarrier();
  }
${each(stored)}`,
  };
});
