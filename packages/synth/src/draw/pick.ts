import type { Random } from "../noise.js";

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}

export function chance(random: Random, share: number): boolean {
  return random.between(0, 1) < share;
}

export const modulo = (a: number, n: number) => ((a % n) + n) % n;

export const fraction = (t: number) => t - Math.floor(t);
