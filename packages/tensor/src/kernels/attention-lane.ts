import type { AttentionVariant } from "./attention.js";
import type { KernelSource } from "./kernel.js";

/** Keys whose scores are held at a time; the running maximum is updated once a block. */
const BLOCK = 16;

/**
 * Invocations that share a query each hold every so many-th vector of its row and of its sums, since GPUs have no registers for more than 64
 * columns in one invocation. A score is then the sum of their parts. Keys and values come through workgroup memory where that is cheap (`workgroup`,
 * read once for all queries of a tile), else straight from the buffers (`register`).
 */
export function attentionLaneBody(variant: AttentionVariant): Pick<KernelSource, "declare" | "body"> {
  const { kind, lanes, rows, parts, whole, causal, mask } = variant;
  const staged = kind === "workgroup";
  const sharers = lanes / rows;
  const vectors = sharers * parts;
  // The place of an invocation's vector in the row; sharers read neighbouring vectors.
  const own = sharers > 1 ? `(e * ${sharers}u + share)` : "e";
  // GPUs keep arrays in registers only where loops over them unroll.
  const bound = `rolled(${parts}u, u.parts)`;
  const load = (name: string) => {
    const values = [0, 1, 2, 3].map((c) => {
      const at = `${name}[at + e * 4u + ${c}u]`;
      return whole ? at : `select(0.0, ${at}, e * 4u + ${c}u < u.width)`;
    });
    return `fn load_${name}(at: u32, e: u32) -> vec4f { return vec4f(${values.join(", ")}); }`;
  };
  const stage = (name: string) =>
    staged
      ? `    workgroupBarrier();
    for (var e = lid; e < count * ${vectors}u; e += ${lanes}u) {
      stage[e] = load_${name}(${name}Base + (k0 + e / ${vectors}u) * u.${name}Token, e % ${vectors}u);
    }
    workgroupBarrier();`
      : "";
  const row = (name: string) =>
    staged ? `stage[j * ${vectors}u + ${own}]` : `load_${name}(${name}Base + (k0 + j) * u.${name}Token, e)`;
  return {
    declare: `${["q", "k", "v"].map(load).join("\n")}
${staged ? `var<workgroup> stage: array<vec4f, ${BLOCK * vectors}>;` : ""}
${sharers > 1 ? `var<workgroup> shares: array<f32, ${BLOCK * lanes}>;` : ""}`,
    body: `
  let head = wg.y;
  let batch = wg.z;
  let place = wg.x * ${rows}u + ${sharers > 1 ? `lid / ${sharers}u;\n  let share = lid % ${sharers}u` : "lid"};
  let row = min(place, u.tq - 1u);
  let qBase = u.qOffset + batch * u.qBatch + head * u.qHead + row * u.qToken;
  let kBase = u.kOffset + batch * u.kBatch + head * u.kHead;
  let vBase = u.vOffset + batch * u.vBatch + head * u.vHead;
  var query: array<vec4f, ${parts}>;
  var sums: array<vec4f, ${parts}>;
  for (var e = 0u; e < ${bound}; e++) { query[e] = load_q(qBase, ${own}) * u.scale; }
  var top = u.lowest;
  var total = 0.0;
  var scores: array<f32, ${BLOCK}>;
  // No query of the tile sees past the last one's own position.
  let end = ${causal ? `min(u.tk, (wg.x + 1u) * ${rows}u + u.tk - u.tq)` : "u.tk"};
  for (var k0 = 0u; k0 < end; k0 += ${BLOCK}u) {
    let count = min(${BLOCK}u, end - k0);
    var next = top;
${stage("k")}
    for (var j = 0u; j < count; j++) {
      var score = 0.0;
      for (var e = 0u; e < ${bound}; e++) { score += dot(query[e], ${row("k")}); }
${
  sharers > 1
    ? `      shares[j * ${lanes}u + lid] = score;
    }
    workgroupBarrier();
    for (var j = 0u; j < count; j++) {
      let at = j * ${lanes}u + lid - share;
      var score = shares[at];
      for (var i = 1u; i < ${sharers}u; i++) { score += shares[at + i]; }
`
    : ""
}${mask ? "      score += mask[batch * u.maskBatch + head * u.maskHead + row * u.maskQuery + (k0 + j) * u.maskKey];" : ""}
${causal ? "      score = select(score, u.lowest, k0 + j > row + u.tk - u.tq);" : ""}
${staged ? "      score = select(score, u.lowest, score < u.lowest);" : ""}
      scores[j] = score;
      next = max(next, score);
    }
    let fade = select(exp(top - next), 1.0, next == u.lowest);
    total *= fade;
    for (var e = 0u; e < ${bound}; e++) { sums[e] *= fade; }
    top = next;
${stage("v")}
    for (var j = 0u; j < count; j++) {
      let p = select(exp(scores[j] - top), 0.0, scores[j] == u.lowest);
      total += p;
      for (var e = 0u; e < ${bound}; e++) { sums[e] = fma(vec4f(p), ${row("v")}, sums[e]); }
    }
  }
  if (place < u.tq) {
    let at = batch * u.outBatch + head * u.outHead + place * u.outToken;
    // A query that sees no key has a total of 0, and sums of 0; any other total is 1 or more, or NaN.
    total = select(total, 1.0, total == 0.0);
${
  sharers > 1
    ? `    for (var e = 0u; e < ${bound}; e++) {
      let first = 4u * ${own};
      let value = sums[e] / total;
      for (var c = 0u; c < 4u && first + c < u.width; c++) { out[at + first + c] = value[c]; }
    }`
    : "    for (var e = 0u; e < u.width; e++) { out[at + e] = sums[e / 4u][e % 4u] / total; }"
}
  }`,
  };
}
