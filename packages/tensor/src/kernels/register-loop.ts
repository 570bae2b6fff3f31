import { begin, declareSums, halves, type MainLoop, type OperandLayout, range, type Tile } from "./tile.js";
import { WINDOW } from "./window.js";

/**
 * A tile in registers: a workgroup is one row of lanes, without barriers. With subgroups each lane loads the value of one of `lanes`
 * rows and broadcasts share it; without them every lane loads the value of every row. Best on CPUs, where memory operations cost many
 * multiply-adds.
 *
 * On GPUs (direct tiles) neighbouring invocations read neighbouring vectors of a panel, and AMD's compiler reads the values of rows as
 * scalars. Few rows and many values of k a turn keep many loads on their way at once.
 *
 * The bounds on llvmpipe, from its machine code. Every sum that a loop carries is loaded, blended under the execution mask and stored
 * once an iteration. So two values of k an iteration cost 3.5 instructions a multiply-add where one value costs 5 (a multiply and an
 * add are two; fma is not fused). A load is eight bounds-checked scalar loads, 1 KiB of code for one value as for two, so both values of
 * a row come as a pair. A loop above 26 KiB (30 rows of 8 columns) outgrows the cache of decoded instructions: up to 28 KiB it
 * may take a quarter longer, depending on where its cache lines begin, and above that it always does. Past 32 KiB, the size of the
 * instruction cache, it takes twice as long. That rules out four values an iteration.
 */
export function registerLoop(
  tile: Tile,
  half: boolean,
  { transposed, plain, windows }: OperandLayout,
  moments: boolean,
): MainLoop {
  const { lanes, rows, vectors, steps } = tile;
  const broadcast = tile.kind === "subgroup";
  const lane = broadcast ? "lane" : "lid";
  const groups = broadcast ? Math.ceil(rows / lanes) : rows;
  // Values of a row that one load reads.
  const wide = transposed ? 1 : steps % 4 === 0 ? 4 : steps;
  const element = wide === 1 ? "f32" : wide === 2 ? "vec2f" : "vec4f";
  const rowOf = (g: number) => (broadcast ? `row0 + ${g * lanes}u + lane` : `row0 + ${g}u`);
  const setup = [
    ...range(groups).map((g) => {
      const row = `min(${rowOf(g)}, u.m - 1u)`;
      if (windows) return `  let w${g} = window(${row});`;
      const at = `aBase + ${row}${transposed ? "" : " * u.k"}`;
      return `  var a${g} = ${wide > 1 ? `(${at}) / ${wide}u` : at};`;
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
          `  let first${g} = a[a${g}]${wide > 1 ? ".x" : ""};\n  var held${g} = 0.0;\n  var total${g} = 0.0;\n  var squares${g} = 0.0;`,
      ),
    );
  // From one value of k to the next, in the left and in the right operand.
  const along = transposed ? "u.m" : "1u";
  const past = wide > 1 ? `${steps / wide}u` : `${steps}u * ${along}`;
  const below = plain ? "(u.n / 4u)" : `${lanes}u`;
  const panels = half ? "vec2u" : tile.kind === "direct" ? "vec4f" : "vec2f";
  const four = (at: string) => {
    if (half) return halves(`panels[${at}]`);
    return panels === "vec4f" ? `panels[${at}]` : `vec4f(panels[2u * (${at})], panels[2u * (${at}) + 1u])`;
  };
  const loaded = (g: number, s: number) =>
    wide > 1 ? `x${g}_${Math.floor(s / wide)}.${"xyzw"[s % wide]}` : `x${g}_${s}`;
  const value = (r: number, s: number) =>
    broadcast ? `subgroupBroadcast(${loaded(Math.floor(r / lanes), s)}, ${r % lanes}u)` : loaded(r, s);
  const less = (g: number) => (moments ? ` - first${g}` : "");
  const read = (g: number, at: string) =>
    windows ? `select(${element}(), a[${at}], inside${g})` : `a[${at}]${less(g)}`;
  const loads = (g: number) =>
    range(steps / wide).map(
      (s) => `    let x${g}_${s} = ${read(g, `a${g} + ${s}u${transposed ? ` * ${along}` : ""}`)};`,
    );
  // The values of two k are added before they join the sums, however many come in a turn, so that the bits are the same.
  const addTwo = (g: number, x: string, y: string) => [
    `    total${g} += ${x} + ${y};`,
    `    squares${g} += ${x} * ${x} + ${y} * ${y};`,
  ];
  const addMoments = (g: number) => {
    if (steps === 2) return addTwo(g, loaded(g, 0), loaded(g, 1));
    const x = loaded(g, 0);
    return ["    if ((k0 & 1u) == 1u) {", ...addTwo(g, `held${g}`, x), "    }", `    held${g} = ${x};`];
  };
  const addLast = (g: number) =>
    `  if ((u.k & 1u) == 1u) {\n    total${g} += held${g};\n    squares${g} += held${g} * held${g};\n  }`;
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
    `  for (var k0 = 0u; k0 < u.${length}; k0 += ${steps}u) {\n${step.join("\n")}\n  }`;
  const enter = range(groups).map(
    (g) => `    let inside${g} = windowHolds(w${g}, ky, kx);
    var a${g} = select(0u, windowAt(w${g}, ky, kx)${wide > 1 ? ` / ${wide}u` : ""}, inside${g});`,
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
    element,
    panels,
    declareSums: declareSums(tile),
    loop: [
      ...setup,
      windows ? overPlaces() : sumOver("k"),
      ...(moments && steps === 1 ? range(groups).map(addLast) : []),
    ].join("\n"),
    begin: begin(tile, "0u"),
    lane,
  };
}
