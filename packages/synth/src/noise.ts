// Every number here comes from integer hashes, + - * / and square roots, which IEEE 754 rounds the same everywhere;
// sine, exponential and power differ between engines in the last bit, so none is used.

/** A hash of a seed and two integers: 32 well-mixed bits, the same on every machine. */
export function hash(seed: number, x: number, y: number): number {
  let h = seed ^ Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A number in [0, 1) for a seed and two integers. */
export function unit(seed: number, x: number, y = 0): number {
  return hash(seed, x, y) / 4294967296;
}

/** Random numbers by counter: the n-th of a stream does not depend on who asks. */
export class Random {
  readonly seed: number;
  #count = 0;
  constructor(seed: number) {
    this.seed = seed;
  }
  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * unit(this.seed, ++this.#count, 0x51ed);
  }
  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.between(0, n));
  }
  /** A random direction as a unit vector. */
  direction(): readonly [number, number] {
    const [x, y] = turn(this.between(-1, 1));
    return this.below(2) === 0 ? [x, y] : [-x, -y];
  }
}

/** The unit vector at twice the arc tangent of `u`: u in [-1, 1] gives the right half circle. */
export function turn(u: number): readonly [number, number] {
  const n = 1 + u * u;
  return [(1 - u * u) / n, (2 * u) / n];
}

export function clamp(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, value: number): number {
  const t = clamp((value - low) / (high - low));
  return t * t * (3 - 2 * t);
}

/** A smooth wave of period 1 and range [-1, 1], made of parabolas. */
export function wave(t: number): number {
  const f = t - Math.floor(t);
  return f < 0.5 ? 16 * f * (0.5 - f) : -16 * (f - 0.5) * (1 - f);
}

/** A smooth bump: 1 at 0, 0 from distance 1 on. */
export function bump(distance: number): number {
  const t = 1 - distance * distance;
  return t > 0 ? t * t : 0;
}

/** Gradient noise about 0, within [-1, 1], of feature size 1 (Perlin 2002). */
export function noise(seed: number, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - ix, y - iy];
  const [u, v] = [fx * fx * fx * (fx * (fx * 6 - 15) + 10), fy * fy * fy * (fy * (fy * 6 - 15) + 10)];
  const a = slope(hash(seed, ix, iy), fx, fy);
  const b = slope(hash(seed, ix + 1, iy), fx - 1, fy);
  const c = slope(hash(seed, ix, iy + 1), fx, fy - 1);
  const d = slope(hash(seed, ix + 1, iy + 1), fx - 1, fy - 1);
  return 1.4 * (a + (b - a) * u + (c - a + (a - b - c + d) * u) * v);
}

/** The rise along a random direction over (x, y). */
function slope(h: number, x: number, y: number): number {
  return ((h & 0xffff) / 32768 - 1) * x + ((h >>> 16) / 32768 - 1) * y;
}

/** Noise summed over octaves, each twice as fine, half as strong, and turned, so that no axis shows. */
export function fractal(seed: number, x: number, y: number, octaves: number): number {
  let sum = 0;
  let strength = 0.5;
  for (let i = 0; i < octaves; i++) {
    sum += strength * noise(seed + i, x, y);
    [x, y] = [1.6 * x - 1.2 * y, 1.2 * x + 1.6 * y];
    strength *= 0.5;
  }
  return sum;
}

/** The cell of (x, y) among random points, one to each unit square (Worley 1996). */
export interface Cell {
  /** Distance to the nearest point, and how much farther the second nearest is. */
  nearest: number;
  margin: number;
  /** Random bits of the nearest point. */
  id: number;
}

export function cell(seed: number, x: number, y: number, out: Cell): Cell {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  let first = 9;
  let second = 9;
  for (let j = iy - 1; j <= iy + 1; j++) {
    for (let i = ix - 1; i <= ix + 1; i++) {
      const h = hash(seed, i, j);
      const dx = i + (h & 0xffff) / 65536 - x;
      const dy = j + (h >>> 16) / 65536 - y;
      const d = dx * dx + dy * dy;
      if (d < first) {
        second = first;
        first = d;
        out.id = h;
      } else if (d < second) second = d;
    }
  }
  out.nearest = Math.sqrt(first);
  out.margin = Math.sqrt(second) - out.nearest;
  return out;
}
