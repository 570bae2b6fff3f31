import { FLOAT } from "./float.js";
import { FLAT, type Kernel, kernel, kernelFor } from "./kernel.js";
import { rowIndex, tree } from "./reduce.js";

/**
 * out[o, k, i] = exp(x[o, k, i] - m) / s, or x - m - log(s), with m the largest and s the sum of exp(x - m) over k.
 *
 * Three passes over a row, by one invocation or by a workgroup that strides over it. A row whose largest value is not
 * finite has no softmax: it becomes NaN, as in PyTorch.
 */
export function softmaxKernel(variant: { log: boolean; threads: number }): Kernel {
  return kernelFor(`softmax:${JSON.stringify(variant)}`, () => {
    const { log, threads } = variant;
    const shared = (name: string) => (threads === 1 ? "" : `shared_${name}[lane] = ${name};`);
    const joined = (name: string) => (threads === 1 ? name : `shared_${name}[0]`);
    const arrays = `var<workgroup> shared_largest: array<f32, ${threads}>;
var<workgroup> shared_sum: array<f32, ${threads}>;`;
    return kernel({
      name: log ? "log softmax" : "softmax",
      reads: { x: "f32" },
      writes: { out: "f32" },
      uniforms: { count: "u32", n: "u32", inner: "u32", block: "u32" },
      workgroup: threads === 1 ? FLAT : threads,
      declare: `${FLOAT.is_nan}
${FLOAT.is_finite}
${FLOAT.nan}
${log ? FLOAT.infinity : ""}
${log ? FLOAT.precise_log : ""}
fn larger(a: f32, b: f32) -> f32 { return select(a, b, (b > a && !is_nan(a)) || is_nan(b)); }
${threads === 1 ? "" : arrays}`,
      body: `${rowIndex(threads)}
  if (e >= u.count) { return; }
  let base = (e / u.inner) * u.n * u.inner + e % u.inner;
  var largest = x[base + min(lane, u.n - 1u) * u.inner];
  for (var k = lane; k < u.n; k += ${threads}u) { largest = larger(largest, x[base + k * u.inner]); }
  ${shared("largest")}${tree("largest", threads, (a, b) => `larger(${a}, ${b})`)}
  let m = ${joined("largest")};
  var sum = 0.0;
  for (var k0 = lane; k0 < u.n; k0 += ${threads}u * u.block) {
    let stop = min(k0 + ${threads}u * u.block, u.n);
    var part = 0.0;
    for (var k = k0; k < stop; k += ${threads}u) { part += exp(x[base + k * u.inner] - m); }
    sum += part;
  }
  ${shared("sum")}${tree("sum", threads, (a, b) => `${a} + ${b}`)}
  let s = ${log ? `precise_log(${joined("sum")})` : joined("sum")};
  for (var k = lane; k < u.n; k += ${threads}u) {
    let at = base + k * u.inner;
    let value = ${log ? "x[at] - m - s" : "exp(x[at] - m) / s"};
    out[at] = select(nan(), value, is_finite(m));
  }`,
    });
  });
}
