import type { AttentionVariant } from "./attention.js";
import { COMPONENTS, probabilities } from "./attention-subgroup.js";
import type { KernelSource } from "./kernel.js";
import { arraysOfRows, range } from "./tile.js";

/**
 * Attention for software adapters on processors with 16 vector registers, as panel-loop.ts does products. A subgroup keeps 4 keys a lane and their
 * values in private memory while up to `rows` queries pass, one a turn, whose sums wait in arrays for the next keys. Keys and values are read
 * at constant places, as operands of multiplications, so that nothing is spilled. Heads are `parts` times 4 columns a lane wide, all of
 * which exist.
 *
 * Terms are added in the order of attention-subgroup.ts, so that both give the same bits.
 */
export function attentionPanelBody(
  variant: AttentionVariant,
): Pick<KernelSource, "enable" | "builtins" | "body"> {
  const { lanes, rows, parts, causal } = variant;
  const width = 4 * lanes * parts;
  const join = (count: number, line: (i: number) => string) => range(count).map(line).join("\n");
  const eachPart = (line: (c: number) => string) => join(parts, line);
  const sums = range(parts).map((c) => COMPONENTS.map((component) => `sums${c}${component}`));
  const { open, close } = arraysOfRows([...sums.flat(), "tops", "totals"], rows, "u.tq");
  const summed = (c: number) => `vec4f(${sums[c].map((name) => `${name}[r]`).join(", ")})`;
  const score = (d: number) => {
    const value = `x${Math.floor(d / (4 * lanes))}.${COMPONENTS[d % 4]}`;
    return `      s0 = fma(vec4f(subgroupBroadcast(${value}, ${Math.floor(d / 4) % lanes}u)), keys[${d}], s0);`;
  };
  // Two keys of a lane after another, lane by lane, and then the other two.
  const weigh = (first: number) => {
    const [lane, half] = [first % lanes, 2 * Math.floor(first / lanes)];
    const weight = (i: number) => `vec4f(subgroupBroadcast(s0.${COMPONENTS[half + i]}, ${lane}u))`;
    const value = (i: number, c: number) => `values${c}[${4 * lane + half + i}]`;
    return `      let p${first} = ${weight(0)};
      let n${first} = ${weight(1)};
${eachPart((c) => `      o${c} = fma(n${first}, ${value(1, c)}, fma(p${first}, ${value(0, c)}, o${c}));`)}`;
  };
  const keep = `${eachPart((c) => COMPONENTS.map((component, i) => `      ${sums[c][i]}[before] = t${c}.${component};`).join(" "))}
      tops[before] = top;
      totals[before] = total;`;
  return {
    enable: "enable subgroups;",
    builtins: "@builtin(subgroup_invocation_id) lane: u32",
    body: `
  let head = wg.y;
  let batch = wg.z;
  let row0 = wg.x * ${rows}u;
  let qBase = u.qOffset + batch * u.qBatch + head * u.qHead + lane;
  let kBase = u.kOffset + batch * u.kBatch + head * u.kHead;
  let vBase = u.vOffset + batch * u.vBatch + head * u.vHead + lane;
  let present = min(${rows}u, u.tq - row0);
${open}
  // No query of the tile sees past the last one's own position.
  let end = ${causal ? `min(u.tk, row0 + ${rows}u + u.tk - u.tq)` : "u.tk"};
  for (var k0 = 0u; k0 < end; k0 += ${4 * lanes}u) {
    var keys: array<vec4f, ${width}>;
${eachPart((c) => `    var values${c}: array<vec4f, ${4 * lanes}>;`)}
    let key = vec4u(k0 + lane * 4u) + vec4u(0u, 1u, 2u, 3u);
    let seen = min(key, vec4u(u.tk - 1u));
    let at = vec4u(kBase) + seen * u.kToken;
    for (var d = 0u; d < rolled(${width / 4}u, u.tk); d++) {
${COMPONENTS.map((c, j) => `      let k${j} = k[at.${c} + d];`).join("\n")}
${COMPONENTS.map((c, j) => `      keys[d * 4u + ${j}u] = vec4f(k0.${c}, k1.${c}, k2.${c}, k3.${c});`).join("\n")}
    }
    for (var j = 0u; j < rolled(${4 * lanes}u, u.tk); j++) {
      let row = vBase + min(k0 + j, u.tk - 1u) * u.vToken;
${eachPart((c) => `      values${c}[j] = v[row + ${c * lanes}u];`)}
    }
${eachPart((c) => `    var t${c} = vec4f();`)}
    var top = 0.0;
    var total = 0.0;
    // The first turn has no sums of an earlier query: they go past the end.
    var before = ${rows}u;
    for (var r = 0u; r < present; r++) {
${keep}
      let query = qBase + (row0 + r) * u.qToken;
${eachPart((c) => `      let x${c} = q[query + ${c * lanes}u];`)}
      var s0 = vec4f();
${join(width, score)}
      var top0 = select(tops[r], u.lowest, k0 == 0u);
      var total0 = totals[r];
${probabilities(variant, 0, "row0 + r")}
${eachPart((c) => `      var o${c} = ${summed(c)} * fade;`)}
${join(2 * lanes, weigh)}
${eachPart((c) => `      t${c} = o${c};`)}
      top = top0;
      total = total0;
      before = r;
    }
${keep}
  }
  for (var r = 0u; r < present; r++) {
    // A query that sees no key has a total of 0, and sums of 0; any other total is 1 or more, or NaN.
    let joined = subgroupAdd(totals[r]);
    let to = batch * u.outBatch + head * u.outHead + (row0 + r) * u.outToken + lane;
${eachPart((c) => `    out[to + ${c * lanes}u] = ${summed(c)} / select(joined, 1.0, joined == 0.0);`)}
  }
${close}`,
  };
}
