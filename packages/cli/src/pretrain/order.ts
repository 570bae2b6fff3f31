/** An image of a batch: which one, and which of the eight symmetries of the square it is shown in. */
export interface Shown {
  readonly index: number;
  readonly turn: number;
}

/**
 * What a step shows: pairs of a good and a damaged image, out of a pool that is gone through again and again, each time in another
 * order and with each image turned or mirrored anew. Depends on the arguments alone.
 *
 * @param count images of a batch; an odd one leaves its last pair's second image out.
 * @param pairs of the pool, a prime, so that multiplying by any number permutes them.
 */
export function orderOf(step: number, count: number, pairs: number, seed: number): Shown[] {
  const perStep = Math.ceil(count / 2);
  return Array.from({ length: count }, (_, i) => {
    const at = step * perStep + (i >> 1);
    const [round, place] = [Math.floor(at / pairs), at % pairs];
    const stride = 1 + (mixed(seed, round) % (pairs - 1));
    const pair = Number((BigInt(place) * BigInt(stride)) % BigInt(pairs));
    return { index: 2 * pair + (i & 1), turn: mixed(seed ^ 0x5bd1e995, 2 * at + (i & 1)) & 7 };
  });
}

/** A 32-bit hash of two numbers. */
function mixed(a: number, b: number): number {
  let h = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
