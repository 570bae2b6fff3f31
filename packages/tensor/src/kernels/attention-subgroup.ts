import type { AttentionVariant } from "./attention.js";
import type { KernelSource } from "./kernel.js";
import { range } from "./tile.js";

export const COMPONENTS = ["x", "y", "z", "w"] as const;

/**
 * A subgroup takes a tile of `rows` queries, as two products in registers. For the scores each lane owns 4 keys, and the values of the
 * queries are broadcast. For the sums each lane owns 4 columns of the head (several times over for wide heads), and the probabilities are
 * shuffled lane by lane. No workgroup memory and no barrier; tile.ts says what bounds the loops.
 */
export function attentionSubgroupBody(
  variant: AttentionVariant,
): Pick<KernelSource, "enable" | "builtins" | "body"> {
  const { lanes, rows, parts: columns, causal, vector } = variant;
  const join = (count: number, line: (i: number) => string) => range(count).map(line).join("\n");
  return {
    enable: "enable subgroups;",
    builtins: "@builtin(subgroup_invocation_id) lane: u32",
    body: `
  let head = wg.y;
  let batch = wg.z;
  let row0 = wg.x * ${rows}u;
  let qBase = u.qOffset + batch * u.qBatch + head * u.qHead;
  let kBase = u.kOffset + batch * u.kBatch + head * u.kHead;
  let vBase = u.vOffset + batch * u.vBatch + head * u.vHead;
${join(rows / lanes, (g) => `  let q${g} = qBase + min(row0 + ${g * lanes}u + lane, u.tq - 1u) * u.qToken;`)}
${join(rows, (r) => `  var top${r} = u.lowest;\n  var total${r} = 0.0;\n${join(columns, (c) => `  var o${r}_${c} = vec4f();`)}`)}
  // No query of the tile sees past the last one's own position.
  let end = ${causal ? `min(u.tk, row0 + ${rows}u + u.tk - u.tq)` : "u.tk"};
  for (var k0 = 0u; k0 < end; k0 += ${4 * lanes}u) {
    let key = vec4u(k0 + lane * 4u) + vec4u(0u, 1u, 2u, 3u);
    let seen = min(key, vec4u(u.tk - 1u));
    let at = vec4u(kBase) + seen * u.kToken;
${join(rows, (r) => `    var s${r} = vec4f();`)}
${scores(variant)}
${join(rows, (r) => softmax(variant, r))}
${sums(variant)}
  }
${join(rows, (r) => `  total${r} = subgroupAdd(total${r});`)}
  // A query that sees no key has a total of 0, and sums of 0; any other total is 1 or more, or NaN.
  var sums = array<vec4f, ${rows * columns}>(${range(rows)
    .flatMap((r) => range(columns).map((c) => `o${r}_${c} / select(total${r}, 1.0, total${r} == 0.0)`))
    .join(", ")});
  let live = min(${rows}u, u.tq - row0) * ${columns}u;
  for (var i = 0u; i < live; i++) {
    let d = (i % ${columns}u) * ${4 * lanes}u + lane * 4u;
    let to = batch * u.outBatch + head * u.outHead + (row0 + i / ${columns}u) * u.outToken;
    ${
      vector
        ? `if (d < u.width) { out[to + d / 4u] = sums[i]; }`
        : `let stored = min(4u, max(d, u.width) - d);
    for (var c = 0u; c < stored; c++) { out[to + d + c] = sums[i][c]; }`
    }
  }`,
  };
}

/** Adds q . k over the head's columns, four at a time where they are bound as vectors. */
function scores({ lanes, rows, vector }: AttentionVariant): string {
  const parts = vector ? COMPONENTS.map((c) => `.${c}`) : [""];
  const keyed = (part: string) =>
    `vec4f(${range(4)
      .map((j) => `k${j}${part}`)
      .join(", ")})`;
  return [
    `    for (var d = 0u; d < u.${vector ? "parts" : "width"}; d++) {`,
    ...range(rows / lanes).map((g) => `      let x${g} = q[q${g} + d];`),
    ...COMPONENTS.map((c, j) => `      let k${j} = k[at.${c} + d];`),
    ...parts.map((part, i) => `      let keyed${i} = ${keyed(part)};`),
    ...range(rows).flatMap((r) => [
      ...parts.map(
        (part, i) =>
          `      let y${r}_${i} = vec4f(subgroupBroadcast(x${Math.floor(r / lanes)}${part}, ${r % lanes}u));`,
      ),
      `      s${r} = ${parts.reduce((sum, _, i) => `fma(y${r}_${i}, keyed${i}, ${sum})`, `s${r}`)};`,
    ]),
    "    }",
  ].join("\n");
}

/**
 * WGSL that turns `s${r}`, the scores of the query `query`, into probabilities under its running maximum `top${r}`, and adds them to
 * `total${r}`. It declares `fade`, by which everything summed under the last maximum is to be multiplied.
 */
export function probabilities({ causal, mask }: AttentionVariant, r: number, query: string): string {
  const masked = `vec4f(${COMPONENTS.map((c) => `mask[maskRow + seen.${c} * u.maskKey]`).join(", ")})`;
  return `      ${mask ? `let maskRow = batch * u.maskBatch + head * u.maskHead + (${query}) * u.maskQuery;` : ""}
      var s = s${r} * u.scale${mask ? ` + ${masked}` : ""};
      s = select(s, vec4f(u.lowest), ${causal ? `key > vec4u(${query} + u.tk - u.tq)` : "key >= vec4u(u.tk)"});
      let next = max(top${r}, subgroupMax(max(max(s.x, s.y), max(s.z, s.w))));
      let fade = select(exp(top${r} - next), 1.0, next == u.lowest);
      s${r} = select(exp(s - next), vec4f(), s == vec4f(u.lowest));
      total${r} = total${r} * fade + dot(s${r}, vec4f(1.0));
      top${r} = next;`;
}

/** The probabilities of a query; what was summed under its last maximum is rescaled. */
const softmax = (variant: AttentionVariant, r: number): string => `    {
${probabilities(variant, r, `min(row0 + ${r}u, u.tq - 1u)`)}
${range(variant.parts)
  .map((c) => `      o${r}_${c} *= fade;`)
  .join("\n")}
    }`;

/** Adds the values of the keys, weighted by their probabilities, two keys of a lane an iteration. Keys past the end weigh 0. */
function sums({ lanes, rows, vector, whole, parts: columns }: AttentionVariant): string {
  // Lanes past the width of the head read its last column and store nothing.
  const capped = (d: string) => (whole ? d : `min(${d}, u.${vector ? "parts" : "width"} - 1u)`);
  const value = (row: string, c: number) => {
    if (vector) return `v[${row} + ${capped(`${c * lanes}u + lane`)}]`;
    const one = (j: number) => `v[${row} + ${capped(`${c * 4 * lanes}u + lane * 4u + ${j}u`)}]`;
    return `vec4f(${range(4).map(one).join(", ")})`;
  };
  return [
    `    let filled = min(${lanes}u, (end - k0 + 3u) / 4u);`,
    "    for (var j = 0u; j < 4u; j += 2u) {",
    "      for (var l = 0u; l < filled; l++) {",
    ...range(2).flatMap((i) => [
      `        let row${i} = vBase + min(k0 + l * 4u + j + ${i}u, u.tk - 1u) * u.vToken;`,
      ...range(columns).map((c) => `        let v${i}_${c} = ${value(`row${i}`, c)};`),
    ]),
    ...range(rows).flatMap((r) => [
      `        let p${r} = subgroupShuffle(s${r}.xy, l);`,
      ...range(columns).map(
        (c) => `        o${r}_${c} = fma(vec4f(p${r}.y), v1_${c}, fma(vec4f(p${r}.x), v0_${c}, o${r}_${c}));`,
      ),
    ]),
    "      }",
    // Next the other two keys of each lane.
    ...range(rows).map((r) => `      s${r} = s${r}.zwxy;`),
    "    }",
  ].join("\n");
}
