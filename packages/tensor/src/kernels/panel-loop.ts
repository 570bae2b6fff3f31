import {
  arraysOfRows,
  begin,
  halves,
  type MainLoop,
  type OperandLayout,
  panelSums,
  range,
  type Tile,
} from "./tile.js";
import { NEXT_WINDOW, WINDOW } from "./window.js";

const COMPONENTS = ["x", "y", "z", "w"];

/**
 * A tile that keeps a block of the right operand, `steps` values of k deep, in private memory while up to `rows` rows pass, one a
 * turn. A row's sums stay in registers over the block and wait in arrays for the next. Source: the packed block of CPU BLAS libraries.
 *
 * The bounds on llvmpipe, from its machine code. A multiply-add is two instructions: the block is read at constant places, as an operand of the
 * multiplication, and nothing is blended or spilled. A value of a row takes 12 instructions to load and broadcast, shared by the
 * columns. Eight lanes of sums take 10 instructions to load and 40 to store, since each column has an array of its own: all share the
 * places of one row. They are stored at the beginning of the next turn: where code with branches follows the sums, LLVM moves the additions
 * behind it and spills every product.
 */
export function panelLoop(
  tile: Tile,
  half: boolean,
  { windows }: Pick<OperandLayout, "windows">,
  moments: boolean,
): MainLoop {
  const { lanes, rows, vectors, steps } = tile;
  const each = (line: (v: number) => string) => range(vectors).map(line).join("\n");
  const parts = range(steps / (4 * lanes));
  const run = windows ? "u.run" : "u.k";
  // In vectors of four: the block and the place of a row's values.
  const place = windows ? "select(0u, windowAt(w, ky, kx), inside)" : "aBase + (row0 + r) * u.k";
  const read = (p: number) => {
    const value = `a[at + ${p * lanes}u]`;
    return windows ? `select(vec4f(), ${value}, inside)` : value;
  };
  const product = (k: number) => {
    const from = `x${Math.floor(k / (4 * lanes))}.${"xyzw"[k % 4]}`;
    return `      let y${k} = subgroupBroadcast(${from}, ${Math.floor(k / 4) % lanes}u);
${each((v) => `      s${v} = fma(vec4f(y${k}), block${v}[${k}], s${v});`)}`;
  };
  // As in the loop of other tiles: the values of two k are added before they join the sums.
  const addTwo = (k: number) => `      total += y${k} + y${k + 1};
      squares += y${k} * y${k} + y${k + 1} * y${k + 1};`;
  const block = `${each((v) => `      var block${v}: array<vec4f, ${steps}>;`)}
      for (var i = 0u; i < ${steps}u + (u.m >> 31u); i++) {
${each((v) => `        block${v}[i] = ${half ? `halves(panels[p${v}])` : `panels[p${v}]`};\n        p${v} += ${lanes}u;`)}
      }`;
  const keep = `${each((v) => COMPONENTS.map((c) => `      sums${v}${c}[before] = t${v}.${c};`).join(" "))}
${moments ? "      firsts[before] = counted.x; totals[before] = counted.y; squared[before] = counted.z;" : ""}`;
  const turn = `${keep}
${windows ? "      let inside = windowHolds(w, ky, kx);" : ""}
      let at = (${place} + k0) / 4u + lane;
${windows ? "      w = nextWindow(w);" : ""}
${parts.map((p) => `      ${moments ? "var" : "let"} x${p} = ${read(p)};`).join("\n")}
${each((v) => `      var s${v} = ${panelSums(v)};`)}
${
  moments
    ? `      let first = select(firsts[r], subgroupBroadcast(x0.x, 0u), k0 == 0u);
      var total = totals[r];
      var squares = squared[r];
${parts.map((p) => `      x${p} -= vec4f(first);`).join("\n")}`
    : ""
}
${range(steps)
  .map((k) => `${product(k)}${moments && k % 2 === 1 ? `\n${addTwo(k - 1)}` : ""}`)
  .join("\n")}
${each((v) => `      t${v} = s${v};`)}
${moments ? "      counted = vec3f(first, total, squares);" : ""}
      before = r;`;
  const blocks = `    for (var k0 = 0u; k0 < ${run}; k0 += ${steps}u) {
${block}
${windows ? "      var w = window(row0);" : ""}
${each((v) => `      var t${v} = vec4f();`)}
${moments ? "      var counted = vec3f();" : ""}
      // The first turn has no sums of an earlier row: they go past the end.
      var before = ${rows}u;
      for (var r = 0u; r < present; r++) {
${turn}
      }
${keep}
    }`;
  const sums = range(vectors).flatMap((v) => COMPONENTS.map((c) => `sums${v}${c}`));
  const { open, close } = arraysOfRows(
    [...sums, ...(moments ? ["firsts", "totals", "squared"] : [])],
    rows,
    "u.m",
  );
  return {
    source: {
      workgroup: lanes,
      enable: "enable subgroups;",
      builtins: "@builtin(subgroup_invocation_id) lane: u32",
      declare: `${windows ? `${WINDOW}\n${NEXT_WINDOW}` : ""}
${half ? `fn halves(pair: vec2u) -> vec4f { return ${halves("pair")}; }` : ""}`,
    },
    element: "vec4f",
    panels: half ? "vec2u" : "vec4f",
    declareSums: open,
    end: close,
    loop: [
      `  let present = min(${rows}u, max(u.m, row0) - row0);`,
      each((v) => {
        // A tile may reach past the last panel: it then reads the last one again and stores nothing.
        const panel = `min(colTile * ${vectors}u + ${v}u, (u.n + ${4 * lanes - 1}u) / ${4 * lanes}u - 1u)`;
        return `  var p${v} = panelBase + ${panel} * u.k * ${lanes}u + lane;`;
      }),
      windows
        ? `  for (var ky = 0u; ky < u.kernelY; ky++) {\n  for (var kx = 0u; kx < u.kernelX; kx++) {\n${blocks}\n  }\n  }`
        : blocks,
    ].join("\n"),
    begin: begin(tile, "0u"),
    lane: "lane",
  };
}
