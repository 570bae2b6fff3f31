const N = 624;
const M = 397;

/**
 * The Mersenne Twister MT19937 seeded by one integer, as numpy's legacy `RandomState(seed)` (Matsumoto and
 * Nishimura 1998). Published splits were drawn with it.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(N);
  #next = N;

  /** @param seed an integer in [0, 2^32) */
  constructor(seed: number) {
    let value = seed >>> 0;
    for (let i = 0; i < N; i++) {
      this.#state[i] = value;
      value = (Math.imul(1812433253, value ^ (value >>> 30)) + i + 1) >>> 0;
    }
  }

  /** The next 32 random bits. */
  uint32(): number {
    if (this.#next === N) this.#refill();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A uniform integer in [0, max], by masking and drawing again: numpy's `random_interval`. */
  atMost(max: number): number {
    const mask = max === 0 ? 0 : 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < N; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
      state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}
