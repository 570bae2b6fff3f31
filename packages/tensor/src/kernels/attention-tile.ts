import type { AttentionVariant } from "./attention.js";
import type { KernelSource } from "./kernel.js";
import { range } from "./tile.js";

/** Invocations that share a query; each has every eighth key of a block, and every eighth vector of the head. */
export const LANES = 8;
/** Queries of an invocation: the components of a vector. */
const QUERIES = 4;
/** Keys whose scores are held at a time. */
const BLOCK = 16;
/** Vectors of columns whose scores are added in one turn of the loop. More need more than 128 registers. */
const COLUMNS = 2;
/** Keys whose values are added in one turn. AMD's compiler does not unroll eight of wide heads. */
const keysOf = (parts: number): number => (parts > 2.5 ? 4 : 8);
/** Invocations of a workgroup, and its queries. */
export const TILE = { lanes: 64, rows: (64 / LANES) * QUERIES };
/** The widest head. The sums of wider ones leave too few registers. */
export const WIDEST = 128;

/** Vectors from one row to the next in workgroup memory: an odd number, which spreads the rows over the banks. */
const apartOf = (parts: number): number => parts * LANES + 1;

/** Bytes of workgroup memory where invocations keep `parts` vectors of a head: 16,128 for heads of 64, 28,416 for the widest. */
export const tileBytes = (parts: number): number =>
  16 * ((TILE.rows + BLOCK) * apartOf(parts) + (BLOCK * TILE.lanes) / LANES + TILE.lanes);

/**
 * Attention as two products in registers, for GPUs. An invocation owns four queries: in the scores with every eighth key, in the sums with every
 * eighth vector of columns. Where that leaves four vectors over, it owns one of them for two of its queries (`parts` is then 1/2, 3/2, ...).
 * Queries, a block of keys or values, and the probabilities lie in workgroup memory. Keys past the end read the last one and count as hidden.
 */
export function attentionTileBody(variant: AttentionVariant): Pick<KernelSource, "declare" | "body"> {
  const { lanes, rows, parts, whole, causal, mask, vector } = variant;
  const lines = lanes / LANES;
  const width = parts * LANES;
  const apart = apartOf(parts);
  const sums = sumsOf(parts);
  const values = new Map(sums.map(({ value, column }) => [value, column]));
  const each = (line: (sum: Sum) => string) => sums.map(line).join("\n");
  const join = (count: number, line: (i: number) => string) => range(count).map(line).join("\n");
  const keys = BLOCK / LANES;
  const together = keysOf(parts);
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
  // An invocation brings every so many-th vector of one row of a block.
  const across = lanes / BLOCK;
  const count = width / across;
  // All vectors of a block are on their way before the first is stored.
  const fetch = (name: string) => `    for (var i = 0u; i < rolled(${count}u, u.tk); i++) {
      held[i] = load_${name}(${name}Base + min(k0 + lid / ${across}u, end - 1u) * u.${name}Token, lid % ${across}u + i * ${across}u);
    }`;
  const store = `    for (var i = 0u; i < rolled(${count}u, u.tk); i++) {
      stage[lid / ${across}u * ${apart}u + lid % ${across}u + i * ${across}u] = held[i];
    }`;
  const rowsOf = (part: string) => `vec4f(${range(QUERIES).map((r) => `q${r}.${part}`)})`;
  const maskAt = (i: number) =>
    `vec4f(${["x", "y", "z", "w"].map((c) => `mask[maskBase + row.${c} * u.maskQuery + min(key${i}, end - 1u) * u.maskKey]`)})`;
  const score = (i: number) => `    let key${i} = k0 + lx + ${i * LANES}u;
${mask ? `    s${i} += ${maskAt(i)};` : ""}
    s${i} = select(s${i}, lowest, (s${i} < lowest) | vec4<bool>(key${i} >= end)${causal ? ` | (vec4u(key${i}) > row + u.tk - u.tq)` : ""});`;
  const written = ({ name, query, column }: Sum) => {
    const value = `${name} / ${query("total")}`;
    return vector
      ? `      if (${column} < u.parts) { out[at + ${column}] = ${value}; }`
      : `      let value = ${value};
      for (var i = 0u; i < 4u && ${column} * 4u + i < u.width; i++) { out[at + ${column} * 4u + i] = value[i]; }`;
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
  let upper = lx >= ${LANES / 2}u;
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
${each(({ name }) => `  var ${name} = vec4f();`)}
  // No query of the tile sees past the last one's own position.
  let end = ${causal ? `min(u.tk, row0 + ${rows}u + u.tk - u.tq)` : "u.tk"};
  for (var k0 = 0u; k0 < end; k0 += ${BLOCK}u) {
    var held: array<vec4f, ${count}>;
${fetch("k")}
    workgroupBarrier();
${store}
    workgroupBarrier();
${join(keys, (i) => `    var s${i} = vec4f();`)}
    for (var kk = 0u; kk < min(${width}u, u.parts); kk += ${COLUMNS}u) {
    for (var t = 0u; t < rolled(${COLUMNS}u, u.tk); t++) {
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
${each(({ name, query }) => `    ${name} *= ${query("fade")};`)}
    workgroupBarrier();
    for (var kk = 0u; kk < min(${BLOCK}u, end - k0); kk += ${together}u) {
    for (var t = 0u; t < rolled(${together}u, u.tk); t++) {
      let p = weights[(kk + t) * ${lines}u + ly];
${[...values].map(([name, column]) => `      let ${name} = stage[(kk + t) * ${apart}u + ${column}];`).join("\n")}
${each(({ name, query, value }) => `      ${name} = fma(vec4f(${query("p")}), ${value}, ${name});`)}
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
${each(
  (sum) => `  if (place + ${sum.row} < u.tq) {
      let at = to + (place + ${sum.row}) * u.outToken;
${written(sum)}
  }`,
)}`,
  };
}

/** Four columns of the output that an invocation sums, as WGSL. */
interface Sum {
  name: string;
  /** The vector that it adds of each key's value, and where it lies in the head. */
  value: string;
  column: string;
  /** Its query among those of the invocation, and that query's component of a vector of all four. */
  row: string;
  query: (vector: string) => string;
}

/** The sums of an invocation: whole vectors of its four queries, and of the upper or the lower two where there is a half. */
function sumsOf(parts: number): Sum[] {
  const full = Math.floor(parts);
  const halved = (r: number): Sum => ({
    name: `h${r}`,
    value: "vh",
    column: `(lx % ${LANES / 2}u + ${full * LANES}u)`,
    row: `select(${r}u, ${r + 2}u, upper)`,
    query: (vector) => `select(${vector}.${"xy"[r]}, ${vector}.${"zw"[r]}, upper)`,
  });
  return [
    ...range(QUERIES).flatMap((r) =>
      range(full).map(
        (c): Sum => ({
          name: `o${r}_${c}`,
          value: `v${c}`,
          column: `(lx + ${c * LANES}u)`,
          row: `${r}u`,
          query: (vector) => `${vector}.${"xyzw"[r]}`,
        }),
      ),
    ),
    ...(full < parts ? range(QUERIES / 2).map(halved) : []),
  ];
}
