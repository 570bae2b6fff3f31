import { hash32 } from "@inctrl/clip";

/** An image of a batch. */
export interface Shown {
  readonly index: number;
  /** Which of the eight symmetries of the square it is shown in. */
  readonly symmetry: number;
}

/**
 * The images of a step: groups of good and damaged images of one class, out of a pool of groups. Each round through the pool has
 * an order of its own, and rotates or mirrors each group anew. The result depends on the arguments alone.
 *
 * @param settings `batch` images a step, a multiple of the `group` images of one class; `pool` groups, a prime number, so that
 * multiplication by any number permutes them.
 */
export function orderOf(
  step: number,
  { batch, group: size, pool: groups, seed }: { batch: number; group: number; pool: number; seed: number },
): Shown[] {
  const perStep = batch / size;
  return Array.from({ length: perStep }, (_, g) => {
    const at = step * perStep + g;
    const [round, place] = [Math.floor(at / groups), at % groups];
    const stride = 1 + (mixed(seed, round) % (groups - 1));
    const group = Number((BigInt(place) * BigInt(stride)) % BigInt(groups));
    const symmetry = mixed(seed ^ 0x5bd1e995, at) & 7;
    return Array.from({ length: size }, (_, i) => ({ index: size * group + i, symmetry }));
  }).flat();
}

/** A 32-bit hash of two numbers. */
const mixed = (a: number, b: number): number =>
  hash32(Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b));
