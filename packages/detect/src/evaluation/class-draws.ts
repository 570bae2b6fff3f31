import {
  type Category,
  drawPrompts,
  grouped,
  permutation,
  promptCandidates,
  type Sample,
} from "@inctrl/datasets";

/** Prompts from some of a category's normal classes. */
export interface ClassDraw {
  readonly seed: number;
  readonly classes: readonly string[];
  /** The category with these prompts as its training images, and a name of its own. */
  readonly category: Category;
}

/**
 * Draws K prompts of a category with several normal classes from one of them, from two, and so on up to all, or to K of them (paper,
 * figure 4). Each seed has an order of the classes and of the images of each; the first classes of it share the prompts as evenly as can
 * be, so that prompts from more classes are those from fewer with some replaced. `evaluate` with K and `seeds: 0` measures them.
 *
 * @param options `seeds`: the number of draws, with seeds 0, 1, ...
 * @returns the draws in order of the number of classes, then of the seed; none where samples tell no classes, or one.
 * @example
 * classDraws(even, { shots: 8, seeds: 3 }).map(({ category }) => category.name); // "even, 1 of 5 classes, seed 0", ...
 */
export function classDraws(
  category: Category,
  { shots, seeds }: { shots: number; seeds: number },
): ClassDraw[] {
  const candidates = promptCandidates(category);
  if (!candidates.every((sample) => sample.class)) return [];
  const groups = grouped(candidates, (sample) => [sample.class as string]);
  const names = [...groups.keys()].sort();
  if (names.length < 2) return [];
  const numbers = Array.from({ length: Math.min(shots, names.length) }, (_, i) => i + 1);
  return numbers.flatMap((number) =>
    Array.from({ length: seeds }, (_, seed): ClassDraw => {
      const classes = permutation(names.length, seed)
        .slice(0, number)
        .map((i) => names[i]);
      const train = classes.flatMap((name, i) => {
        const own = groups.get(name) as Sample[];
        const share = Math.floor(shots / number) + (i < shots % number ? 1 : 0);
        return drawPrompts(own, Math.min(share, own.length), seed);
      });
      const name = `${category.name}, ${number} of ${names.length} classes, seed ${seed}`;
      return { seed, classes, category: { ...category, name, train } };
    }),
  );
}
