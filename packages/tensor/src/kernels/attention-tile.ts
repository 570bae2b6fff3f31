import type { AttentionVariant } from "./attention.js";
import type { KernelSource } from "./kernel.js";
import { range } from "./tile.js";

/** Invocations that share a query; each has every eighth key of a block, and every eighth vector of the head. */
export const LANES = 8;
/** Queries of an invocation: the components of a vector. */
const QUERIES = 4;
/** Keys whose scores are held at a time. With heads of 64 all of a workgroup's memory stays below the 16 KiB that every adapter has. */
const BLOCK = 16;
/** Turns that compilers see at once. */
const UNROLLED = 2;
/** The widest head. Wider ones have no room for their queries. */
export const WIDEST = 64;

/**
 * Attention as two products in registers, for GPUs. An invocation owns four queries: in the scores with every eighth key, in the sums with every
 * eighth vector of columns. Queries, a block of keys or values, and the probabilities lie in workgroup memory; rows are an odd number of
 * vectors apart, which spreads them over the banks. Keys past the end read the last one and count as hidden.
 */
export function attentionTileBody(variant: AttentionVariant): Pick<KernelSource, "declare" | "body"> {
  const { lanes, rows, parts, whole, causal, mask, vector } = variant;
  const lines = lanes / LANES;
  const width = parts * LANES;
  const apart = width + 1;
  const join = (count: number, line: (i: number) => string) => range(count).map(line).join("\n");
  const keys = BLOCK / LANES;
  const load = (name: string) => {
    const value = (c: number) => {
      const at = `${name}[at + e * 4u + ${c}u]`;
      return whole ? at : `select(0.0, ${at}, e * 4u + ${c}u < u.width)`;
    };
    const read = vector
      ? whole
        ? `${name}[at + e]`
        : `select(vec4f(), ${name}[at + e], e < u.parts)`
      : `vec4f(${range(4).map(value).join(", ")})`;
    return `fn load_${name}(at: u32, e: u32) -> vec4f { return ${read}; }`;
  };
  const count = (BLOCK * width) / lanes;
  // All vectors of a block are on their way before the first is stored.
  const fetch = (name: string) => `    for (var i = 0u; i < rolled(${count}u, u.tk); i++) {
      let e = lid + i * ${lanes}u;
      held[i] = load_${name}(${name}Base + min(k0 + e / ${width}u, end - 1u) * u.${name}Token, e % ${width}u);
    }`;
  const store = `    for (var i = 0u; i < rolled(${count}u, u.tk); i++) {
      let e = lid + i * ${lanes}u;
      stage[e / ${width}u * ${apart}u + e % ${width}u] = held[i];
    }`;
  const rowsOf = (part: string) => `vec4f(${range(QUERIES).map((r) => `q${r}.${part}`)})`;
  const maskAt = (i: number) =>
    `vec4f(${["x", "y", "z", "w"].map((c) => `mask[maskBase + row.${c} * u.maskQuery + min(key${i}, end - 1u) * u.maskKey]`)})`;
  const score = (i: number) => `    let key${i} = k0 + lx + ${i * LANES}u;
${mask ? `    s${i} += ${maskAt(i)};` : ""}
    s${i} = select(s${i}, lowest, (s${i} < lowest) | vec4<bool>(key${i} >= end)${causal ? ` | (vec4u(key${i}) > row + u.tk - u.tq)` : ""});`;
  const written = (r: number, c: number) => {
    const e = `(lx + ${c * LANES}u)`;
    const value = `o${r}_${c} / total.${"xyzw"[r]}`;
    return vector
      ? `      if (${e} < u.parts) { out[at + ${e}] = ${value}; }`
      : `      let value${c} = ${value};
      for (var i = 0u; i < 4u && ${e} * 4u + i < u.width; i++) { out[at + ${e} * 4u + i] = value${c}[i]; }`;
  };
  return {
    declare: `${["q", "k", "v"].map(load).join("\n")}
var<workgroup> queries: array<vec4f, ${rows * apart}>;
var<workgroup> stage: array<vec4f, ${BLOCK * apart}>;
var<workgroup> weights: array<vec4f, ${BLOCK * lines}>;
var<workgroup> shares: array<vec4f, ${lanes}>;`,
    body: `
  let head = wg.y;
  let batch = wg.z;
  let lx = lid % ${LANES}u;
  let ly = lid / ${LANES}u;
  let row0 = wg.x * ${rows}u;
  let place = row0 + ly * ${QUERIES}u;
  let row = min(vec4u(place) + vec4u(0u, 1u, 2u, 3u), vec4u(u.tq - 1u));
  let qBase = u.qOffset + batch * u.qBatch + head * u.qHead;
  let kBase = u.kOffset + batch * u.kBatch + head * u.kHead;
  let vBase = u.vOffset + batch * u.vBatch + head * u.vHead;
${mask ? "  let maskBase = batch * u.maskBatch + head * u.maskHead;" : ""}
  let lowest = vec4f(u.lowest);
  // An invocation's queries lie ${lines} rows apart.
  for (var e = lid; e < rolled(${rows * width}u, u.tk); e += ${lanes}u) {
    let q = e / ${width}u;
    let at = qBase + min(row0 + q, u.tq - 1u) * u.qToken;
    queries[(q % ${QUERIES}u * ${lines}u + q / ${QUERIES}u) * ${apart}u + e % ${width}u] = load_q(at, e % ${width}u) * u.scale;
  }
  var top = lowest;
  // Of the invocation's own keys; joined after the last block.
  var part = vec4f();
${join(QUERIES, (r) => join(parts, (c) => `  var o${r}_${c} = vec4f();`))}
  // No query of the tile sees past the last one's own position.
  let end = ${causal ? `min(u.tk, row0 + ${rows}u + u.tk - u.tq)` : "u.tk"};
  for (var k0 = 0u; k0 < end; k0 += ${BLOCK}u) {
    var held: array<vec4f, ${count}>;
${fetch("k")}
    workgroupBarrier();
${store}
    workgroupBarrier();
${join(keys, (i) => `    var s${i} = vec4f();`)}
    for (var kk = 0u; kk < min(${width}u, u.parts); kk += ${UNROLLED}u) {
    for (var t = 0u; t < rolled(${UNROLLED}u, u.tk); t++) {
${join(QUERIES, (r) => `      let q${r} = queries[(${r * lines}u + ly) * ${apart}u + kk + t];`)}
${join(keys, (i) => `      let k${i} = stage[(lx + ${i * LANES}u) * ${apart}u + kk + t];`)}
${["x", "y", "z", "w"].map((c) => join(keys, (i) => `      s${i} = fma(${rowsOf(c)}, vec4f(k${i}.${c}), s${i});`)).join("\n")}
    }
    }
${join(keys, score)}
    shares[lx * ${lines}u + ly] = ${range(keys)
      .map((i) => `s${i}`)
      .reduce((a, b) => `max(${a}, ${b})`)};
${fetch("v")}
    workgroupBarrier();
${store}
    var next = top;
    for (var i = 0u; i < rolled(${LANES}u, u.tk); i++) { next = max(next, shares[i * ${lines}u + ly]); }
    let fade = select(exp(top - next), vec4f(1.0), next == lowest);
    top = next;
    part *= fade;
${join(keys, (i) => `    let p${i} = select(exp(s${i} - top), vec4f(), s${i} == lowest);\n    part += p${i};\n    weights[(lx + ${i * LANES}u) * ${lines}u + ly] = p${i};`)}
${join(QUERIES, (r) => join(parts, (c) => `    o${r}_${c} *= fade.${"xyzw"[r]};`))}
    workgroupBarrier();
    for (var kk = 0u; kk < min(${BLOCK}u, end - k0); kk += ${UNROLLED}u) {
    for (var t = 0u; t < rolled(${UNROLLED}u, u.tk); t++) {
      let p = weights[(kk + t) * ${lines}u + ly];
${join(parts, (c) => `      let v${c} = stage[(kk + t) * ${apart}u + lx + ${c * LANES}u];`)}
${join(QUERIES, (r) => join(parts, (c) => `      o${r}_${c} = fma(vec4f(p.${"xyzw"[r]}), v${c}, o${r}_${c});`))}
    }
    }
  }
  shares[lx * ${lines}u + ly] = part;
  workgroupBarrier();
  var total = vec4f();
  for (var i = 0u; i < rolled(${LANES}u, u.tk); i++) { total += shares[i * ${lines}u + ly]; }
  // A query that sees no key has a total of 0, and sums of 0; any other total is 1 or more, or NaN.
  total = select(total, vec4f(1.0), total == vec4f());
  let to = batch * u.outBatch + head * u.outHead;
${join(
  QUERIES,
  (r) => `  if (place + ${r}u < u.tq) {
      let at = to + (place + ${r}u) * u.outToken;
${join(parts, (c) => written(r, c))}
  }`,
)}`,
  };
}
