/** An image of a batch: which one, and which of the eight symmetries of the square it is shown in. */
export interface Shown {
  readonly index: number;
  readonly turn: number;
}

/**
 * What a step shows: groups of good and damaged images of one class, out of a pool that is gone through again and again, each time in
 * another order and with each group turned or mirrored anew. Depends on the arguments alone.
 *
 * @param settings images of a batch, a multiple of those of a group; groups of the pool, a prime, so that multiplying by any number
 * permutes them.
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
    const turn = mixed(seed ^ 0x5bd1e995, at) & 7;
    return Array.from({ length: size }, (_, i) => ({ index: size * group + i, turn }));
  }).flat();
}

/** A 32-bit hash of two numbers. */
function mixed(a: number, b: number): number {
  let h = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
