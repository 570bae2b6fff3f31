/** Seeded values in [0, 1): mulberry32. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seeded float32 values, uniform in [low, high). */
export function random(seed: number, count: number, low = -1, high = 1): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length: count }, () => low + (high - low) * next());
}
