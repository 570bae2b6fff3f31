import type { nn } from "@inctrl/tensor";

/** Initial spread of class, position and token embeddings. */
const EMBEDDING_SPREAD = 0.02;

/** Mixes 32 bits well (MurmurHash3's finalizer): hashes of a counter are a random generator. */
export function hash32(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function seedOf(text: string, seed: number): number {
  let h = seed >>> 0;
  for (const char of text) h = hash32(Math.imul(h, 31) + (char.codePointAt(0) as number));
  return h;
}

/**
 * Seeded values for an untrained network: weights uniform with variance 1 / fan-in, norms at one and zero, embeddings
 * small. The same seed gives the same network everywhere.
 *
 * @example
 * const clip = await buildClip(device, findConfig("vit_tiny_patch16_224"), randomParameters(1));
 */
export function randomParameters(seed: number): nn.ReadParameter {
  return (name, { role, size, fanIn }) => {
    const values = new Float32Array(size);
    if (role === "gain" || role === "variance") return values.fill(1);
    if (role === "scale") return values.fill(Math.log(100));
    if (role === "bias" || role === "mean" || role === "count") return values;
    const spread = role === "embedding" ? EMBEDDING_SPREAD : Math.sqrt(3 / fanIn);
    const start = seedOf(name, seed);
    for (let i = 0; i < size; i++)
      values[i] = (hash32(start + Math.imul(i, 0x9e3779b1)) / 2 ** 31 - 1) * spread;
    return values;
  };
}
