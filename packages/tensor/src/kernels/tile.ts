import type { KernelSource } from "./kernel.js";
import { WINDOW } from "./window.js";

/** How a tile of a product is split: `lanes` invocations each own 4 x `vectors` columns of `rows` rows. */
export interface Tile {
  kind: "subgroup" | "register" | "workgroup";
  lanes: number;
  rows: number;
  vectors: number;
  /** Values of k that one iteration of a register tile's loop adds; k is a multiple of it. */
  steps: number;
}

/** Rows and columns of the output that one workgroup covers. */
export const tileHeight = ({ kind, rows }: Tile): number => (kind === "workgroup" ? 16 * rows : rows);
export const tileWidth = ({ lanes, vectors }: Tile): number => lanes * 4 * vectors;

/** How the operands lie in memory: gradients read them as they are instead of copying them first. */
export interface OperandLayout {
  /** `a` is [k, m]. */
  transposed: boolean;
  /** The right operand is [k, n], n a multiple of 4, and not packed. */
  plain: boolean;
  /** Rows of `a` are the windows of a convolution, read from the images (window.ts). */
  windows: boolean;
}

const PACKED: OperandLayout = { transposed: false, plain: false, windows: false };

export const range = (n: number): number[] => [...Array(n).keys()];

/**
 * WGSL for the number of an invocation's rows that exist. As a loop's bound it also keeps drivers from unrolling the code after
 * the sums: an unrolled tail takes llvmpipe seconds to compile.
 */
export const liveRows = (tile: Tile): string => `let live = min(${tile.rows}u, max(u.m, row0) - row0);`;

export const sumNames = (tile: Tile): string[] =>
  range(tile.rows).flatMap((r) => range(tile.vectors).map((c) => `s${r}_${c}`));

/**
 * The part of a kernel that sums a tile over k, shared by products and by the nearest-row search. With moments, each lane also sums
 * the values of a row and their squares (`total0` and `squares0` for the first rows), from which a layer norm follows without another
 * read. Rows are then shifted by their first value to keep precision under a large mean.
 */
export interface MainLoop {
  source: Pick<KernelSource, "workgroup" | "enable" | "builtins" | "declare">;
  /** How `a` is bound. */
  element: "f32" | "vec2f";
  /** How the right operand is bound. */
  panels: "vec2u" | "vec2f" | "vec4f";
  /** Declares `batch`, `row0`, `aBase` and `panelBase`. */
  begin: string;
  /** Declares the tile's sums as zero. */
  declareSums: string;
  /** Reads what `begin` declares and `colTile`, and adds into the sums. */
  loop: string;
  /** The index of this invocation's columns among the lanes. */
  lane: string;
}

export function mainLoop(
  tile: Tile,
  half: boolean,
  layout: OperandLayout = PACKED,
  moments = false,
): MainLoop {
  return tile.kind === "workgroup"
    ? workgroupLoop(tile, half, layout)
    : registerLoop(tile, half, layout, moments);
}

/** `first` is the first row of an invocation in its workgroup. */
const begin = (tile: Tile, first: string): string => `  let batch = wg.z;
  let row0 = wg.x * ${tileHeight(tile)}u + ${first};
  let aBase = batch * u.aBatch;
  let panelBase = batch * u.panelBatch;`;

const declareSums = (tile: Tile): string =>
  sumNames(tile)
    .map((name) => `  var ${name} = vec4f();`)
    .join("\n");

const loadHalves = (index: string): string =>
  `vec4f(unpack2x16float(panels[${index}].x), unpack2x16float(panels[${index}].y))`;

/**
 * A tile in registers: a workgroup is one row of lanes, without barriers. With subgroups each lane loads the value of one of `lanes`
 * rows and broadcasts share it; without them every lane loads the value of every row. Best on CPUs, where memory operations cost many
 * multiply-adds.
 *
 * The bounds on llvmpipe, from its machine code. Every sum that a loop carries is loaded, blended under the execution mask and stored
 * once an iteration. So two values of k an iteration cost 3.5 instructions a multiply-add where one value costs 5 (a multiply and an
 * add are two; fma is not fused). A load is eight bounds-checked scalar loads, 1 KiB of code for one value as for two, so both values of
 * a row come as a pair. A loop above 26 KiB (30 rows of 8 columns) outgrows the cache of decoded instructions: up to 28 KiB it
 * may take a quarter longer, depending on where its cache lines begin, and above that it always does. Past 32 KiB, the size of the
 * instruction cache, it takes twice as long. That rules out four values an iteration.
 */
function registerLoop(
  tile: Tile,
  half: boolean,
  { transposed, plain, windows }: OperandLayout,
  moments: boolean,
): MainLoop {
  const { lanes, rows, vectors, steps } = tile;
  const broadcast = tile.kind === "subgroup";
  const lane = broadcast ? "lane" : "lid";
  const groups = broadcast ? Math.ceil(rows / lanes) : rows;
  const pairs = steps === 2 && !transposed;
  const rowOf = (g: number) => (broadcast ? `row0 + ${g * lanes}u + lane` : `row0 + ${g}u`);
  const setup = [
    ...range(groups).map((g) => {
      const row = `min(${rowOf(g)}, u.m - 1u)`;
      if (windows) return `  let w${g} = window(${row});`;
      const at = `aBase + ${row}${transposed ? "" : " * u.k"}`;
      return `  var a${g} = ${pairs ? `(${at}) / 2u` : at};`;
    }),
    ...range(vectors).map((c) => {
      const column = `(colTile * ${vectors}u + ${c}u) * ${lanes}u + ${lane}`;
      if (plain) return `  var p${c} = panelBase + min(${column}, u.n / 4u - 1u);`;
      // A tile may reach past the last panel: it then reads the last one again and stores nothing.
      const panel = `min(colTile * ${vectors}u + ${c}u, (u.n + ${4 * lanes - 1}u) / ${4 * lanes}u - 1u)`;
      return `  var p${c} = panelBase + ${panel} * u.k * ${lanes}u + ${lane};`;
    }),
  ];
  const turn = range(steps);
  if (moments)
    setup.push(
      ...range(groups).map(
        (g) =>
          `  let first${g} = a[a${g}]${pairs ? ".x" : ""};\n  var total${g} = 0.0;\n  var squares${g} = 0.0;`,
      ),
    );
  // From one value of k to the next, in the left and in the right operand.
  const along = transposed ? "u.m" : "1u";
  const past = pairs ? "1u" : `${steps}u * ${along}`;
  const below = plain ? "(u.n / 4u)" : `${lanes}u`;
  const four = (at: string) =>
    half ? loadHalves(at) : `vec4f(panels[2u * (${at})], panels[2u * (${at}) + 1u])`;
  const loaded = (g: number, s: number) => (pairs ? `x${g}.${"xy"[s]}` : `x${g}_${s}`);
  const value = (r: number, s: number) =>
    broadcast ? `subgroupBroadcast(${loaded(Math.floor(r / lanes), s)}, ${r % lanes}u)` : loaded(r, s);
  const less = (g: number) => (moments ? ` - first${g}` : "");
  const read = (g: number, at: string) =>
    windows ? `select(${pairs ? "vec2f()" : "0.0"}, a[${at}], inside${g})` : `a[${at}]${less(g)}`;
  const loads = (g: number) =>
    pairs
      ? [`    let x${g} = ${read(g, `a${g}`)};`]
      : turn.map((s) => `    let x${g}_${s} = ${read(g, `a${g} + ${s}u * ${along}`)};`);
  const addMoments = (g: number) => {
    const each = turn.map((s) => loaded(g, s));
    const squares = each.map((value) => `${value} * ${value}`);
    return [`    total${g} += ${each.join(" + ")};`, `    squares${g} += ${squares.join(" + ")};`];
  };
  const step = [
    ...turn.flatMap((s) =>
      range(vectors).map((c) => `    let b${c}_${s} = ${four(`p${c} + ${s}u * ${below}`)};`),
    ),
    ...range(groups).flatMap(loads),
    ...(moments ? range(groups).flatMap(addMoments) : []),
    ...range(rows).flatMap((r) => [
      ...turn.map((s) => `    let y${r}_${s} = vec4f(${value(r, s)});`),
      ...range(vectors).map((c) => {
        const added = turn.reduce((sum, s) => `fma(y${r}_${s}, b${c}_${s}, ${sum})`, `s${r}_${c}`);
        return `    s${r}_${c} = ${added};`;
      }),
    ]),
    ...range(groups).map((g) => `    a${g} += ${past};`),
    ...range(vectors).map((c) => `    p${c} += ${steps}u * ${below};`),
  ];
  const sumOver = (length: string) =>
    `  for (var k = 0u; k < u.${length}; k += ${steps}u) {\n${step.join("\n")}\n  }`;
  const enter = range(groups).map(
    (g) => `    let inside${g} = windowHolds(w${g}, ky, kx);
    var a${g} = select(0u, windowAt(w${g}, ky, kx)${pairs ? " / 2u" : ""}, inside${g});`,
  );
  const overPlaces = () => `  for (var ky = 0u; ky < u.kernelY; ky++) {
  for (var kx = 0u; kx < u.kernelX; kx++) {
${enter.join("\n")}
${sumOver("run")}
  }
  }`;
  return {
    source: {
      workgroup: lanes,
      ...(windows ? { declare: WINDOW } : {}),
      ...(broadcast
        ? { enable: "enable subgroups;", builtins: "@builtin(subgroup_invocation_id) lane: u32" }
        : {}),
    },
    element: pairs ? "vec2f" : "f32",
    panels: half ? "vec2u" : "vec2f",
    declareSums: declareSums(tile),
    loop: `${setup.join("\n")}\n${windows ? overPlaces() : sumOver("k")}`,
    begin: begin(tile, "0u"),
    lane,
  };
}

const K_STEP = 16;

const WINDOW_VALUE = `
${WINDOW}
fn windowValue(row: u32, k: u32) -> f32 {
  let w = window(row);
  let place = k / u.run;
  let ky = place / u.kernelX;
  let kx = place % u.kernelX;
  if (!windowHolds(w, ky, kx)) { return 0.0; }
  return a[windowAt(w, ky, kx) + k % u.run];
}`;

/**
 * A tile in workgroup memory: 16 x 16 invocations share 16 x `rows` rows and 64 columns, loaded 16 values of k at a time. Best on
 * GPUs, where workgroup memory and barriers are cheap.
 */
function workgroupLoop(tile: Tile, half: boolean, { transposed, plain, windows }: OperandLayout): MainLoop {
  const { rows, lanes } = tile;
  const height = 16 * rows;
  const threads = 16 * lanes;
  // Neighbouring invocations take neighbouring values in either layout.
  const [kOf, rowOf] = transposed
    ? [`e / ${height}u`, `e % ${height}u`]
    : [`e % ${K_STEP}u`, `e / ${K_STEP}u`];
  const aAt = transposed ? "k * u.m + row" : "row * u.k + k";
  const load = windows ? "value = windowValue(row, k);" : `value = a[aBase + ${aAt}];`;
  const bAt = plain
    ? `panelBase + k * (u.n / 4u) + min(colTile * ${lanes}u + e % ${lanes}u, u.n / 4u - 1u)`
    : `panel + k0 * ${lanes}u + e`;
  const step = range(rows).flatMap((r) => [
    `      s${r}_0 = fma(vec4f(tileA[kk * ${height}u + ly * ${rows}u + ${r}u]), b, s${r}_0);`,
  ]);
  return {
    source: {
      workgroup: threads,
      declare: `var<workgroup> tileA: array<f32, ${K_STEP * height}>;
var<workgroup> tileB: array<vec4f, ${K_STEP * lanes}>;${windows ? WINDOW_VALUE : ""}`,
    },
    element: "f32",
    panels: half ? "vec2u" : "vec4f",
    declareSums: declareSums(tile),
    loop: `  let ly = lid / ${lanes}u;
  let groupRow = wg.x * ${height}u;
  let panel = panelBase + colTile * u.k * ${lanes}u;
  for (var k0 = 0u; k0 < u.k; k0 += ${K_STEP}u) {
    for (var e = lid; e < ${K_STEP * height}u; e += ${threads}u) {
      let k = k0 + ${kOf};
      let row = groupRow + ${rowOf};
      var value = 0.0;
      if (k < u.k && row < u.m) { ${load} }
      tileA[(${kOf}) * ${height}u + ${rowOf}] = value;
    }
    for (var e = lid; e < ${K_STEP * lanes}u; e += ${threads}u) {
      let k = k0 + e / ${lanes}u;
      var value = vec4f();
      if (k < u.k) { value = ${half ? loadHalves(bAt) : `panels[${bAt}]`}; }
      tileB[e] = value;
    }
    workgroupBarrier();
    for (var kk = 0u; kk < rolled(${K_STEP}u, u.k); kk++) {
      let b = tileB[kk * ${lanes}u + lid % ${lanes}u];
${step.join("\n")}
    }
    workgroupBarrier();
  }`,
    begin: begin(tile, `(lid / ${lanes}u) * ${rows}u`),
    lane: `(lid % ${lanes}u)`,
  };
}
