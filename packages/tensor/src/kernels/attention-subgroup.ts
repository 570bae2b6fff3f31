import type { AttentionVariant } from "./attention.js";
import { range } from "./gemm.js";
import type { KernelSource } from "./kernel.js";

/**
 * A subgroup a tile of `rows` queries, as two products in registers. Scores: each lane owns 4 keys, the queries' values are
 * broadcast. Sums: each lane owns 4 of the head's columns (several times over for wide heads), the probabilities are
 * handed round lane by lane. No workgroup memory and no barrier.
 */
export function attentionSubgroupBody(
  variant: AttentionVariant,
): Pick<KernelSource, "enable" | "builtins" | "body"> {
  const { lanes, rows, headWidth: width, causal, mask } = variant;
  const keys = 4 * lanes;
  const vectors = range(Math.ceil(width / keys));
  const own = range(rows);
  const join = (list: number[], line: (i: number) => string) => list.map(line).join("\n");
  const partial = width % keys !== 0;
  const column = (c: number) => {
    const at = (j: number) => {
      const d = `${c * keys}u + lane * 4u + ${j}u`;
      // Lanes past the head's width read its last column and store nothing.
      return `v[row + ${partial ? `min(${d}, ${width - 1}u)` : d}]`;
    };
    return `vec4f(${[0, 1, 2, 3].map(at).join(", ")})`;
  };
  const score = (r: number) => `    {
      var s = s${r} * u.scale;
${mask ? `      let maskRow = batch * u.maskBatch + head * u.maskHead + min(row0 + ${r}u, u.tq - 1u) * u.maskQuery;\n      s += vec4f(${["x", "y", "z", "w"].map((c) => `mask[maskRow + seen.${c} * u.maskKey]`).join(", ")});` : ""}
      s = select(s, vec4f(u.lowest), ${causal ? `key > vec4u(min(row0 + ${r}u, u.tq - 1u) + u.tk - u.tq)` : "key >= vec4u(u.tk)"});
      let next = max(top${r}, subgroupMax(max(max(s.x, s.y), max(s.z, s.w))));
      let fade = select(exp(top${r} - next), 1.0, next == u.lowest);
      s${r} = select(exp(s - next), vec4f(), s == vec4f(u.lowest));
      total${r} = total${r} * fade + dot(s${r}, vec4f(1.0));
      top${r} = next;
${join(vectors, (c) => `      o${r}_${c} *= fade;`)}
    }`;
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
${join(range(rows / lanes), (g) => `  let q${g} = qBase + min(row0 + ${g * lanes}u + lane, u.tq - 1u) * u.qToken;`)}
${join(own, (r) => `  var top${r} = u.lowest;\n  var total${r} = 0.0;\n${join(vectors, (c) => `  var o${r}_${c} = vec4f();`)}`)}
  // No query of the tile sees past the last one's own position.
  let end = ${causal ? `min(u.tk, row0 + ${rows}u + u.tk - u.tq)` : "u.tk"};
  for (var k0 = 0u; k0 < end; k0 += ${keys}u) {
    let key = vec4u(k0 + lane * 4u) + vec4u(0u, 1u, 2u, 3u);
    let seen = min(key, vec4u(u.tk - 1u));
    let at = vec4u(kBase) + seen * u.kToken;
${join(own, (r) => `    var s${r} = vec4f();`)}
    for (var d = 0u; d < ${width}u; d++) {
      let keyed = vec4f(k[at.x + d], k[at.y + d], k[at.z + d], k[at.w + d]);
${join(range(rows / lanes), (g) => `      let x${g} = q[q${g} + d];`)}
${join(own, (r) => `      s${r} = fma(vec4f(subgroupBroadcast(x${Math.floor(r / lanes)}, ${r % lanes}u)), keyed, s${r});`)}
    }
${join(own, score)}
    // One key at a time, and none past the end. Bounds that are no constants keep drivers from unrolling: on llvmpipe every
    // load and store in the text costs milliseconds of compilation.
    let filled = min(${keys}u, end - k0);
    for (var j = 0u; j < filled; j++) {
      let row = vBase + (k0 + j) * u.vToken;
${join(vectors, (i) => `      let v${i} = ${column(i)};`)}
${join(own, (r) => `      let p${r} = vec4f(subgroupShuffle(s${r}[j % 4u], j / 4u));\n${join(vectors, (i) => `      o${r}_${i} = fma(p${r}, v${i}, o${r}_${i});`)}`)}
    }
  }
  var sums = array<vec4f, ${rows * vectors.length}>(${own.flatMap((r) => vectors.map((i) => `o${r}_${i} / subgroupAdd(total${r})`)).join(", ")});
  let live = min(${rows}u, u.tq - row0) * ${vectors.length}u;
  for (var i = 0u; i < live; i++) {
    let d = (i % ${vectors.length}u) * ${keys}u + lane * 4u;
    let to = batch * u.outBatch + head * u.outHead + (row0 + i / ${vectors.length}u) * u.outToken + d;
    let stored = min(4u, max(d, ${width}u) - d);
    for (var c = 0u; c < stored; c++) { out[to + c] = sums[i][c]; }
  }`,
  };
}
