import { FLOAT } from "./float.js";
import { perRow } from "./grid.js";
import { defineKernel } from "./kernel.js";
import { tree } from "./reduce.js";

export interface SoftmaxVariant {
  readonly log: boolean;
  /** Invocations that share a row. */
  readonly threads: number;
  /** Rows lie whole and are a multiple of 4 long: four values are read at once. */
  readonly wide: boolean;
}

/**
 * out[o, k, i] = exp(x[o, k, i] - m) / s, or x - m - log(s), with m the largest and s the sum of exp(x - m) over k.
 *
 * Three passes over a row, by one invocation or by a workgroup that strides over it; the second leaves the exponentials in `out`.
 * A row whose largest value is not finite becomes NaN, as in PyTorch.
 */
export const softmaxKernel = defineKernel("softmax", (variant: SoftmaxVariant) => {
  const { log, threads, wide } = variant;
  const type = wide ? "vec4f" : "f32";
  const shared = (name: string) => (threads === 1 ? "" : `shared_${name}[lane] = ${name};`);
  const joined = (name: string) => (threads === 1 ? name : `shared_${name}[0]`);
  const arrays = `var<workgroup> shared_largest: array<f32, ${threads}>;
var<workgroup> shared_sum: array<f32, ${threads}>;`;
  const largestOf = (v: string) => (wide ? `larger(larger(${v}.x, ${v}.y), larger(${v}.z, ${v}.w))` : v);
  const sumOf = (v: string) => (wide ? `dot(${v}, vec4f(1.0))` : v);
  return {
    name: log ? "log softmax" : "softmax",
    reads: { x: type },
    writes: { out: type },
    uniforms: { n: "u32", inner: "u32", block: "u32" },
    split: perRow(threads),
    declare: `${FLOAT.is_nan}
${FLOAT.is_finite}
${FLOAT.nan}
${log ? FLOAT.infinity : ""}
${log ? FLOAT.precise_log : ""}
fn larger(a: f32, b: f32) -> f32 { return select(a, b, (b > a && !is_nan(a)) || is_nan(b)); }
${wide ? WIDE_LARGER : ""}
${threads === 1 ? "" : arrays}`,
    body: `  let n = u.n / ${wide ? 4 : 1}u;
  let base = (e / u.inner) * n * u.inner + e % u.inner;
  var most = x[base + min(lane, n - 1u) * u.inner];
  for (var k = lane; k < n; k += ${threads}u) { most = ${wide ? "larger4" : "larger"}(most, x[base + k * u.inner]); }
  var largest = ${largestOf("most")};
  ${shared("largest")}${tree("largest", threads, (a, b) => `larger(${a}, ${b})`)}
  let m = ${joined("largest")};
  var total = ${type}();
  for (var k0 = lane; k0 < n; k0 += ${threads}u * u.block) {
    let stop = min(k0 + ${threads}u * u.block, n);
    var part = ${type}();
    for (var k = k0; k < stop; k += ${threads}u) {
      let grown = exp(x[base + k * u.inner] - m);
      part += grown;${log ? "" : "\n      out[base + k * u.inner] = grown;"}
    }
    total += part;
  }
  var sum = ${sumOf("total")};
  ${shared("sum")}${tree("sum", threads, (a, b) => `${a} + ${b}`)}
  let s = ${log ? `precise_log(${joined("sum")})` : joined("sum")};
  let known = is_finite(m);
  for (var k = lane; k < n; k += ${threads}u) {
    let at = base + k * u.inner;
    out[at] = select(${type}(nan()), ${log ? "x[at] - m - s" : "out[at] / s"}, known);
  }`,
  };
});

const WIDE_LARGER = `fn larger4(a: vec4f, b: vec4f) -> vec4f {
  let bits = vec4u(0x7fffffffu);
  let a_nan = (bitcast<vec4u>(a) & bits) > vec4u(0x7f800000u);
  let b_nan = (bitcast<vec4u>(b) & bits) > vec4u(0x7f800000u);
  return select(a, b, ((b > a) & !a_nan) | b_nan);
}`;
