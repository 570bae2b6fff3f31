import { mersenneFromState } from "pure-rand/generator/mersenne";
import { DatasetError } from "../errors.js";

const STATES = 624;

/**
 * Numbers below `n` without repetition, equal to CPython's `random.Random(seed).sample(range(n), count)`.
 *
 * @throws DatasetError `bad-argument` unless 0 <= count <= n, and for a seed that is no integer in [0, 2^32).
 * @example
 * pythonSample(20, 5, 7); // [10, 4, 12, 1, 2]
 */
export function pythonSample(n: number, count: number, seed: number): number[] {
  if (![n, count, seed].every((v) => Number.isInteger(v) && v >= 0) || count > n || seed > 0xffffffff) {
    throw new DatasetError(
      "bad-argument",
      `a sample of ${count} out of ${n} with seed ${seed}: give whole numbers, at most ${n} and a seed below 2^32`,
    );
  }
  const below = generator(seed);
  // CPython keeps a list where that takes less memory than a set of what was drawn.
  const setSize = 21 + (count > 5 ? 4 ** Math.ceil(Math.log(count * 3) / Math.log(4)) : 0);
  if (n > setSize) {
    const drawn = new Set<number>();
    while (drawn.size < count) drawn.add(below(n));
    return [...drawn];
  }
  const pool = Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => {
    const j = below(n - i);
    const taken = pool[j];
    pool[j] = pool[n - i - 1];
    return taken;
  });
}

/** Uniform whole numbers below a bound: the top bits of a word, drawn again where they are not below it. */
function generator(seed: number): (bound: number) => number {
  const random = mersenneFromState([0, ...seededStates(seed)]);
  // The first words come from the states as they were seeded; CPython twists them first.
  for (let i = 0; i < STATES; i++) random.next();
  return (bound) => {
    let value = bound;
    while (value >= bound) value = random.next() >>> Math.clz32(bound);
    return value;
  };
}

/** `init_by_array` of the reference program (Matsumoto and Nishimura 2002) for a key of one word. */
function seededStates(seed: number): number[] {
  const mixed = (before: number, factor: number) => Math.imul(before ^ (before >>> 30), factor);
  const states = [19650218];
  for (let i = 1; i < STATES; i++) states.push((mixed(states[i - 1], 1812433253) + i) | 0);
  let i = 1;
  const step = (factor: number, added: (i: number) => number) => {
    states[i] = ((states[i] ^ mixed(states[i - 1], factor)) + added(i)) | 0;
    if (++i < STATES) return;
    states[0] = states[STATES - 1];
    i = 1;
  };
  for (let k = 0; k < STATES; k++) step(1664525, () => seed);
  for (let k = 1; k < STATES; k++) step(1566083941, (at) => -at);
  states[0] = 0x80000000 | 0;
  return states;
}
