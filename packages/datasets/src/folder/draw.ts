import { mersenne } from "pure-rand/generator/mersenne";
import { DatasetError } from "../errors.js";
import { byName } from "./list.js";

/**
 * A random order of 0 .. n-1, equal to numpy's `RandomState(seed).permutation(n)`.
 *
 * @throws DatasetError `bad-argument` when `seed` is no integer in [0, 2^32)
 * @example
 * permutation(20, 42)[0]; // 0
 */
export function permutation(n: number, seed: number): number[] {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new DatasetError("bad-argument", `seed ${seed}: give an integer from 0 to 4294967295`);
  }
  const random = mersenne(seed);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    // numpy's uniform integer in [0, i]: masks the bits, and draws again above i.
    const mask = 0xffffffff >>> Math.clz32(i);
    let j = random.next() & mask;
    while (j > i) j = random.next() & mask;
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Draws K prompt images, given as names or as samples with an `id`. Without a seed these are the first K by name; with a seed, the
 * first K of a random order of the names.
 *
 * @throws DatasetError `too-few` when there are fewer than `shots`, `bad-argument` for a bad number
 * @example
 * drawPrompts(["b.png", "a.png", "c.png"], 2); // ["a.png", "b.png"]
 */
export function drawPrompts<T extends string | { readonly id: string }>(
  items: readonly T[],
  shots: number,
  seed?: number,
): T[] {
  if (!Number.isInteger(shots) || shots < 1) {
    throw new DatasetError(
      "bad-argument",
      `${shots} shots: give a whole number of prompt images, at least 1`,
    );
  }
  if (items.length < shots) {
    const given = items.length === 1 ? "only 1 was" : `only ${items.length} were`;
    const message = `${shots} prompt images are asked for but ${given} given; add normal images or ask for fewer`;
    throw new DatasetError("too-few", message);
  }
  const sorted = byName(items, (item) => (typeof item === "string" ? item : item.id));
  if (seed === undefined) return sorted.slice(0, shots);
  return permutation(sorted.length, seed)
    .slice(0, shots)
    .map((i) => sorted[i]);
}

/**
 * Splits n items by index as scikit-learn's `train_test_split(arange(n), test_size=0.25, random_state=42)` does: the split of the
 * published protocols. The test part has ceil(n / 4) items.
 *
 * @throws DatasetError `too-few` when either part would be empty
 * @example
 * trainTestSplit(4); // { train: [3, 0, 2], test: [1] }
 */
export function trainTestSplit(n: number): { train: number[]; test: number[] } {
  const tests = Math.ceil(n / 4);
  if (tests < 1 || tests >= n)
    throw new DatasetError(
      "too-few",
      `${n} images cannot be split with a test share of a quarter; give more`,
    );
  const order = permutation(n, 42);
  return { test: order.slice(0, tests), train: order.slice(tests) };
}
