import { FLOAT } from "./float.js";
import { perRow } from "./grid.js";
import { defineKernel } from "./kernel.js";
import { tree } from "./reduce.js";

export interface SoftmaxVariant {
  readonly log: boolean;
  /** Invocations that share a row. */
  readonly threads: number;
  /** Values that are read at once. More than one where rows lie whole and their length is a multiple of it. */
  readonly values: 1 | 2 | 4;
}

/** The lowest float32, as WGSL. */
const LOWEST = "-3.4028234e38";

/** The variant's `values` for rows of n values whose neighbours lie `inner` apart. */
export const softmaxValues = (n: number, inner: number): SoftmaxVariant["values"] =>
  inner > 1 || n % 2 > 0 ? 1 : n % 4 > 0 ? 2 : 4;

/** Elements of a chunk: eight values in vectors of four, four otherwise. */
export const softmaxChunk = (values: SoftmaxVariant["values"]): number => (values === 1 ? 4 : 8 / values);

/**
 * out[o, k, i] = exp(x[o, k, i] - m) / s with s the sum of exp(x - m) over k, or x - m - log(s) with m the largest.
 *
 * Two passes over a row, by one invocation or by a workgroup that strides over it. The first finds m and s together, a chunk at a time (Milakov
 * and Gimelshein 2018). m follows the largest value only once that lies 8 above it, so that s is rarely scaled; exp(8) is far from
 * float32's range. A row whose largest value is not finite becomes NaN, as in PyTorch.
 */
export const softmaxKernel = defineKernel("softmax", ({ log, threads, values }: SoftmaxVariant) => {
  const type = values === 1 ? "f32" : `vec${values}f`;
  const bits = type.replace("f32", "u32").replace(/f$/, "u");
  const shared = (name: string) => (threads === 1 ? "" : `shared_${name}[lane] = ${name};`);
  const joined = (name: string) => (threads === 1 ? name : `shared_${name}[0]`);
  const array = (name: string, of: string) =>
    threads === 1 ? "" : `var<workgroup> shared_${name}: array<${of}, ${threads}>;`;
  const larger = (a: string, b: string) => `max(${a}, ${b})`;
  const plus = (a: string, b: string) => `(${a} + ${b})`;
  const over = (v: string, join: (a: string, b: string) => string) =>
    values === 1
      ? v
      : ["x", "y", "z", "w"]
          .slice(0, values)
          .map((part) => `${v}.${part}`)
          .reduce(join);
  const at = (k: string) => (values === 1 ? `base + (${k}) * u.inner` : `base + ${k}`);
  const chunk = softmaxChunk(values);
  const step = (elements: number) => {
    const each = Array.from({ length: elements }, (_, i) => i);
    return `${each.map((i) => `      let c${i} = x[${at(`k + ${i * threads}u`)}];`).join("\n")}
      let high = ${each.map((i) => `c${i}`).reduceRight(larger)};
      let top = ${over("high", larger)};
      odd = ${each.map((i) => `(bitcast<${bits}>(c${i}) & ${bits}(0x7fffffffu))`).reduceRight(larger, "odd")};
      let raised = top > m + 8.0;
      let scale = select(1.0, exp(m - top), raised);
      m = select(m, top, raised);
      largest = max(largest, top);
      total *= scale;
      part = part * scale + ${each.map((i) => `exp(c${i} - m)`).reduceRight(plus)};`;
  };
  const write = (elements: number) =>
    Array.from({ length: elements }, (_, i) => {
      const place = at(`k + ${i * threads}u`);
      const value = log ? `x[${place}] - most - s` : `exp(x[${place}] - most) * s`;
      return `    out[${place}] = select(${type}(nan()), ${value}, known);`;
    }).join("\n");
  return {
    name: log ? "log softmax" : "softmax",
    reads: { x: type },
    writes: { out: type },
    uniforms: { n: "u32", inner: "u32", block: "u32" },
    split: perRow(threads),
    declare: `${FLOAT.is_finite}
${FLOAT.nan}
${log ? `${FLOAT.infinity}\n${FLOAT.precise_log}` : ""}
${array("largest", "f32")}
${array("pattern", "u32")}
${array("sum", "f32")}`,
    body: `  let n = u.n / ${values}u;
  let base = (e / u.inner) * n * u.inner + e % u.inner;
  var largest = ${LOWEST};
  var m = largest;
  var odd = ${bits}();
  var total = ${type}();
  var k = lane;
  while (k < n) {
    let stop = min(k + ${threads * chunk}u * u.block, n);
    var part = ${type}();
    for (; k + ${(chunk - 1) * threads}u < stop; k += ${chunk * threads}u) {
${step(chunk)}
    }
    for (; stop == n && k < n; k += ${threads}u) {
${step(1)}
    }
    total += part;
  }
  var pattern = ${over("odd", larger)};
  ${shared("largest")}${tree("largest", threads, larger)}
  ${shared("pattern")}${tree("pattern", threads, larger)}
  let most = ${joined("largest")};
  var sum = (${over("total", plus)}) * exp(m - most);
  ${shared("sum")}${tree("sum", threads, plus)}
  // A row of -Infinity throughout has no sum.
  let known = is_finite(most) && ${joined("pattern")} <= 0x7f800000u && ${joined("sum")} > 0.0;
  let s = ${log ? `precise_log(${joined("sum")})` : `1.0 / ${joined("sum")}`};
  k = lane;
  for (; k + ${(chunk - 1) * threads}u < n; k += ${chunk * threads}u) {
${write(chunk)}
  }
  for (; k < n; k += ${threads}u) {
${write(1)}
  }`,
  };
});
