import type { Category, DataSet, Sample } from "@inctrl/datasets";
import type { CategoryResult, Draw, Evaluation } from "@inctrl/detect";
import { randomPixels } from "./images.js";

const SIDE = 24;

/** A sample of seeded noise; anomalous ones have a bright corner, which their mask marks. */
function sample(name: string, label: 0 | 1, options: Partial<Sample> & { masked?: boolean } = {}): Sample {
  const { masked = false, ...rest } = options;
  const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const data = randomPixels(seed, SIDE * SIDE).map((value, i) =>
    label === 1 && inCorner(i / 3) ? 250 : value >> 1,
  );
  const mask = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (inCorner(i) ? 255 : 0));
  return {
    id: name,
    label,
    kind: label === 0 ? "good" : "corner",
    load: async () => ({ width: SIDE, height: SIDE, mode: "RGB", data }),
    ...(masked && label === 1 && { mask: async () => ({ width: SIDE, height: SIDE, data: mask }) }),
    ...rest,
  };
}

const inCorner = (i: number): boolean => Math.floor(i) % SIDE < 8 && i / SIDE < 8;

/** A category of named samples: `train` normals, then `good` and `bad` test images. */
export function category(
  name: string,
  { train = 6, good = 4, bad = 5, masked = false } = {},
  change: (sample: Sample) => Sample = (same) => same,
): Category {
  const many = (part: string, count: number, label: 0 | 1) =>
    Array.from({ length: count }, (_, i) => change(sample(`${name}/${part}/${i}`, label, { masked })));
  return {
    name,
    className: name,
    train: many("train", train, 0),
    test: [...many("good", good, 0), ...many("bad", bad, 1)],
  };
}

export const dataSet = (...categories: Category[]): DataSet => ({ name: "made up", categories, skipped: [] });

interface Timeless extends Omit<Evaluation, "categories"> {
  readonly categories: readonly (Omit<CategoryResult, "draws"> & {
    readonly draws: readonly Omit<Draw, "seconds">[];
  })[];
}

/** What has to be equal in every run: all but the times. */
export const timeless = ({ categories, ...rest }: Evaluation): Timeless => ({
  ...rest,
  categories: categories.map(({ draws, ...category }) => ({
    ...category,
    draws: draws.map(({ seconds: _, ...draw }) => draw),
  })),
});
