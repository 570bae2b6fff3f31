import type { ComputeType } from "../dtype.js";
import { wgslScalar } from "../dtype.js";
import { FLOAT } from "./float.js";
import { perRow } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/**
 * What a row becomes. `offsets` sums x - x[0] and `squares` sums (x - x[0] - mean)^2: the two passes of a variance. The shift by the
 * first value keeps precision under a large mean.
 */
export type Reduction = "sum" | "offsets" | "squares" | "max" | "min" | "argmax" | "argmin";

export interface ReduceVariant {
  reduction: Reduction;
  type: ComputeType;
  /** Invocations that share a row: 1, or a workgroup. */
  threads: number;
  /** Second stage of argmax and argmin: reads only the elements whose indices the first stage wrote. */
  candidates: boolean;
}

/** WGSL that combines the elements of `shared_NAME` into its first, in halves; every thread has stored its own before. */
export function tree(name: string, threads: number, combine: (a: string, b: string) => string): string {
  if (threads === 1) return "";
  const at = (index: string) => `shared_${name}[${index}]`;
  return `
  workgroupBarrier();
  for (var half = rolled(${threads / 2}u, u.count); half > 0u; half /= 2u) {
    if (lane < half) { ${at("lane")} = ${combine(at("lane"), at("lane + half"))}; }
    workgroupBarrier();
  }`;
}

/**
 * out[o, part, i] = the reduction of x[o, k, i] over the part's share of k, x being [outer, n, inner].
 *
 * One invocation an output, or a workgroup that strides over the row and combines in workgroup memory. Sums add up blocks
 * of about sqrt(n) values first, so that the rounding error grows with sqrt(n) instead of n.
 */
export const reduceKernel = defineKernel("reduce", (variant: ReduceVariant) => {
  const { reduction, type, threads, candidates } = variant;
  const scalar = wgslScalar(type);
  const arg = reduction === "argmax" || reduction === "argmin";
  const summing = reduction === "sum" || reduction === "offsets" || reduction === "squares";
  const divided = summing && type === "float32";
  const start = (k: string) => (summing ? "State()" : `element(base, ${k}, context)`);
  const total = threads === 1 ? "total" : "shared_total[0]";
  const value = arg ? `i32(${total}.index)` : divided ? `${total} / u.divisor` : total;
  return {
    name: reduction,
    reads: {
      x: scalar,
      ...(reduction === "squares" ? { mean: "f32" } : {}),
      ...(candidates ? { candidate: "i32" } : {}),
    },
    writes: { out: arg ? "i32" : scalar },
    uniforms: {
      ...u32("n", "inner", "parts", "chunk", "block"),
      ...(candidates ? u32("length") : {}),
      ...(divided ? { divisor: "f32" } : {}),
    },
    split: perRow(threads),
    declare: `${stateFunctions(variant)}
${threads === 1 ? "" : `var<workgroup> shared_total: array<State, ${threads}>;`}`,
    body: `  let row = (e / (u.inner * u.parts)) * u.inner + e % u.inner;
  let base = (row / u.inner) * u.n * u.inner + e % u.inner;
  let begin = ((e / u.inner) % u.parts) * u.chunk;
  let end = min(u.n, begin + u.chunk);
  let context = ${CONTEXT[candidates ? "candidates" : reduction]?.value ?? "0u"};
  var total = ${start("min(begin + lane, end - 1u)")};
  for (var k0 = begin + lane; k0 < end; k0 += ${threads}u * u.block) {
    let stop = min(k0 + ${threads}u * u.block, end);
    var part = ${start("k0")};
    for (var k = k0; k < stop; k += ${threads}u) { part = combine(part, element(base, k, context)); }
    total = combine(total, part);
  }
  ${threads === 1 ? "" : "shared_total[lane] = total;"}${tree("total", threads, (a, b) => `combine(${a}, ${b})`)}
  if (lane == 0u) { out[e] = ${value}; }`,
  };
});

/** What an element is computed with besides its own value. It is read once a row, since loads cost most on CPUs. */
const CONTEXT: Partial<Record<Reduction | "candidates", { type: string; value: string }>> = {
  offsets: { type: "f32", value: "x[base]" },
  squares: { type: "vec2f", value: "vec2f(x[base], mean[row])" },
  candidates: { type: "u32", value: "row" },
};

/** `State`, how an element becomes one and how two are combined. */
function stateFunctions({ reduction, type, candidates }: ReduceVariant): string {
  const scalar = wgslScalar(type);
  const context = CONTEXT[candidates ? "candidates" : reduction]?.type ?? "u32";
  const simple = (element: string, combine: string) => `alias State = ${scalar};
fn element(base: u32, k: u32, context: ${context}) -> State { return ${element}; }
fn combine(a: State, b: State) -> State { return ${combine}; }`;
  const value = "x[base + k * u.inner]";
  if (reduction === "sum") return simple(value, "a + b");
  if (reduction === "offsets") return simple(`${value} - context`, "a + b");
  if (reduction === "squares") {
    return (
      `fn square(d: f32) -> f32 { return d * d; }
${simple(`square(${value} - context.x - context.y)`, "a + b")}`
        // Partial sums of a second stage are combined by `sum`.
        .trim()
    );
  }
  const float = type === "float32";
  const beats = (a: string, b: string) => `${b} ${reduction.endsWith("max") ? ">" : "<"} ${a}`;
  if (reduction === "max" || reduction === "min") {
    const wins = float ? `(${beats("a", "b")} && !is_nan(a)) || is_nan(b)` : beats("a", "b");
    return `${float ? FLOAT.is_nan : ""}\n${simple(value, `select(a, b, ${wins})`)}`;
  }
  // With candidates, k counts those of row `context`, which is x[o, ., i] of length u.length.
  const element = candidates
    ? `let index = u32(candidate[base + k * u.inner]);
  let o = context / u.inner;
  return State(x[(o * u.length + index) * u.inner + context % u.inner], index);`
    : `return State(${value}, k);`;
  const nan = `if (is_nan(a.value) || is_nan(b.value)) {
    let wins = is_nan(b.value) && (!is_nan(a.value) || b.index < a.index);
    if (wins) { return b; }
    return a;
  }`;
  return `struct State { value: ${scalar}, index: u32 }
${float ? FLOAT.is_nan : ""}
fn element(base: u32, k: u32, context: ${context}) -> State {
  ${element}
}
fn combine(a: State, b: State) -> State {
  ${float ? nan : ""}
  if (${beats("a.value", "b.value")} || (a.value == b.value && b.index < a.index)) { return b; }
  return a;
}`;
}
