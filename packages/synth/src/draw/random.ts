import { halfTurn, type Point } from "./maths.js";

/** A hash of a seed and two integers: 32 well-mixed bits, the same on every machine. */
export function hash(seed: number, x: number, y: number): number {
  let h = seed ^ Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A hash of a name (FNV-1a). */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (const character of text) h = Math.imul(h ^ character.charCodeAt(0), 0x01000193);
  return h;
}

/** A number in [0, 1) for a seed and two integers. */
export function unit(seed: number, x: number, y = 0): number {
  return hash(seed, x, y) / 4294967296;
}

/** A stream of random numbers. The n-th depends on the seed and n alone. */
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

  /** A unit vector in a random direction. */
  direction(): Point {
    const [x, y] = halfTurn(this.between(-1, 1));
    return this.below(2) === 0 ? [x, y] : [-x, -y];
  }
}

/** One entry of a list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}

/** True with this probability. */
export function chance(random: Random, probability: number): boolean {
  return random.between(0, 1) < probability;
}
