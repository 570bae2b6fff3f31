import type { AttentionVariant } from "./attention.js";
import type { KernelSource } from "./kernel.js";

/** Keys whose scores are held at a time; the running maximum is updated once a block. */
const BLOCK = 16;

/**
 * An invocation takes a query and holds its row and its sums in vectors. Keys and values come through workgroup memory where that is
 * cheap (`workgroup`), else straight from the buffers (`register`).
 */
export function attentionLaneBody(variant: AttentionVariant): Pick<KernelSource, "declare" | "body"> {
  const { kind, lanes, parts, whole, causal, mask } = variant;
  const staged = kind === "workgroup";
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
    for (var e = lid; e < count * ${parts}u; e += ${lanes}u) {
      stage[e] = load_${name}(${name}Base + (k0 + e / ${parts}u) * u.${name}Token, e % ${parts}u);
    }
    workgroupBarrier();`
      : "";
  const row = (name: string) =>
    staged ? `stage[j * ${parts}u + e]` : `load_${name}(${name}Base + (k0 + j) * u.${name}Token, e)`;
  return {
    declare: `${["q", "k", "v"].map(load).join("\n")}
${staged ? `var<workgroup> stage: array<vec4f, ${BLOCK * parts}>;` : ""}`,
    body: `
  let head = wg.y;
  let batch = wg.z;
  let place = wg.x * ${lanes}u + lid;
  let row = min(place, u.tq - 1u);
  let qBase = u.qOffset + batch * u.qBatch + head * u.qHead + row * u.qToken;
  let kBase = u.kOffset + batch * u.kBatch + head * u.kHead;
  let vBase = u.vOffset + batch * u.vBatch + head * u.vHead;
  var query: array<vec4f, ${parts}>;
  var sums: array<vec4f, ${parts}>;
  for (var e = 0u; e < ${bound}; e++) { query[e] = load_q(qBase, e) * u.scale; }
  var top = u.lowest;
  var total = 0.0;
  var scores: array<f32, ${BLOCK}>;
  // No query of the tile sees past the last one's own position.
  let end = ${causal ? `min(u.tk, (wg.x + 1u) * ${lanes}u + u.tk - u.tq)` : "u.tk"};
  for (var k0 = 0u; k0 < end; k0 += ${BLOCK}u) {
    let count = min(${BLOCK}u, end - k0);
    var next = top;
${stage("k")}
    for (var j = 0u; j < count; j++) {
      var score = 0.0;
      for (var e = 0u; e < ${bound}; e++) { score += dot(query[e], ${row("k")}); }
${mask ? "      score += mask[batch * u.maskBatch + head * u.maskHead + row * u.maskQuery + (k0 + j) * u.maskKey];" : ""}
${causal ? "      score = select(score, u.lowest, k0 + j > row + u.tk - u.tq);" : ""}
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
    for (var e = 0u; e < u.width; e++) { out[at + e] = sums[e / 4u][e % 4u] / total; }
  }`,
  };
}
