import type { ReadParameter } from "./parameters.js";

/** A 32-bit hash of a name and an index: the counter of the generator below. */
function hash(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function seedOf(text: string, seed: number): number {
  let h = seed >>> 0;
  for (const char of text) h = hash(Math.imul(h, 31) + (char.codePointAt(0) as number));
  return h;
}

/**
 * Seeded values for an untrained network: matrices uniform with variance 1 / fan-in, norms at one and zero, embeddings
 * small. The same seed gives the same network everywhere.
 *
 * @example
 * const clip = await buildClip(device, findConfig("vit_tiny_patch16_224"), randomParameters(1));
 */
export function randomParameters(seed: number): ReadParameter {
  return async (name, shape) => {
    const count = shape.reduce((n, d) => n * d, 1);
    const values = new Float32Array(count);
    if (/ln_.*weight$/.test(name)) return values.fill(1);
    if (name === "logit_scale") return values.fill(Math.log(100));
    if (/bias$/.test(name)) return values;
    const stored = /proj$|text_projection$/.test(name) ? shape[0] : count / shape[0];
    const spread = /embedding/.test(name) ? 0.02 : Math.sqrt(3 / stored);
    const start = seedOf(name, seed);
    for (let i = 0; i < count; i++)
      values[i] = (hash(start + Math.imul(i, 0x9e3779b1)) / 2 ** 31 - 1) * spread;
    return values;
  };
}
