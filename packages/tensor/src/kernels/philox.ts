import { FLOAT, WHOLE } from "./float.js";
import { gridStride } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/** WGSL that makes `values` from the four random words of a block, by distribution; `a` and `b` are uniforms. */
const DISTRIBUTIONS = {
  uniform: "let values = fma(unit(words), vec4f(u.b - u.a), vec4f(u.a));",
  // Box and Muller (1958): two words make two values; the first word in (0, 1], so that its logarithm is finite.
  normal: `let turn = unit(words).yw * 6.283185307179586;
    let open = (vec2f(words.xz >> vec2u(8u)) + 1.0) * 0x1p-24;
    let radius = u.b * sqrt(-2.0 * vec2f(precise_log(open.x), precise_log(open.y)));
    let values = u.a + vec4f(radius.x * cosine(turn.x), radius.x * sine(turn.x),
      radius.y * cosine(turn.y), radius.y * sine(turn.y));`,
  bernoulli: "let values = select(vec4u(0u), vec4u(1u), unit(words) < vec4f(u.a));",
} as const;

export type Distribution = keyof typeof DISTRIBUTIONS;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): block c of a stream is
 * four words, a function of c, the stream and the key alone.
 */
const PHILOX = `${WHOLE.high_product}
fn philox(counter: vec4u, first_key: vec2u) -> vec4u {
  var c = counter;
  var key = first_key;
  for (var round = 0u; round < 10u; round++) {
    let p0 = 0xd2511f53u * c.x;
    let p1 = 0xcd9e8d57u * c.z;
    c = vec4u(high_product(0xcd9e8d57u, c.z) ^ c.y ^ key.x, p1, high_product(0xd2511f53u, c.x) ^ c.w ^ key.y, p0);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
fn unit(words: vec4u) -> vec4f { return vec4f(words >> vec4u(8u)) * 0x1p-24; }`;

/** out[i] = value offset + i of a stream; one invocation a block of four values; the first `skip` values are dropped. */
export const randomKernel = defineKernel("random", (distribution: Distribution) => ({
  name: distribution,
  reads: {},
  writes: { out: distribution === "bernoulli" ? "u32" : "f32" },
  uniforms: {
    ...u32("size", "skip", "blockLow", "blockHigh", "stream", "keyLow", "keyHigh"),
    ...(distribution === "bernoulli" ? { a: "f32" } : { a: "f32", b: "f32" }),
  },
  split: gridStride,
  declare: [
    PHILOX,
    ...(distribution === "normal"
      ? [FLOAT.is_finite, FLOAT.nan, FLOAT.infinity, FLOAT.precise_log, FLOAT.sine]
      : []),
  ].join("\n"),
  body: `    let low = u.blockLow + i;
    let high = u.blockHigh + select(0u, 1u, low < i);
    let words = philox(vec4u(low, high, u.stream, 0u), vec2u(u.keyLow, u.keyHigh));
    ${DISTRIBUTIONS[distribution]}
    for (var w = 0u; w < 4u; w++) {
      // Wraps to a large number for skipped values.
      let at = i * 4u + w - u.skip;
      if (at < u.size) { out[at] = values[w]; }
    }`,
}));
