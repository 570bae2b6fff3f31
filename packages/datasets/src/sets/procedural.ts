import { DatasetError } from "../errors.js";
import { type PlannedSample, planProducts } from "../procedural/plan.js";
import { drawProduct, type ProceduralClass, proceduralClasses } from "../procedural/product.js";
import { type Form, type Options, wholeNumber } from "./form.js";
import type { Category, DataSet, Sample } from "./model.js";

/** Products drawn when they are asked for; nothing lies on disk. */
export const procedural: Form = {
  name: "procedural",
  title: "products drawn by this package",
  argument: "SEED",
  layout: "a whole number; another seed draws other pieces",
  options: {
    train: "normal training images a category (default 8)",
    good: "normal test images a category (default 10)",
    bad: "anomalous test images a category (default 10)",
    variants: "categories a class, each another piece of the material (default 1)",
    size: "pixels a side (default 240)",
  },
  open: async (seed, options) => draw(seed, options),
};

const MOST_SAMPLES = 100_000;
const MOST_SEEDS = 1_000_000;

function draw(seedText: string, options: Options): DataSet {
  const seed = Number(seedText);
  if (!/^\d+$/.test(seedText) || seed >= MOST_SEEDS) {
    throw new DatasetError("bad-argument", `procedural:${seedText}: give a whole number below ${MOST_SEEDS}`);
  }
  const sizes = {
    train: wholeNumber(options, "train", 8, [0, MOST_SAMPLES]),
    testGood: wholeNumber(options, "good", 10, [0, MOST_SAMPLES]),
    testBad: wholeNumber(options, "bad", 10, [0, MOST_SAMPLES]),
  };
  const variants = wholeNumber(options, "variants", 1, [1, 1000]);
  const size = wholeNumber(options, "size", 240, [16, 4096]);
  const categories = (Object.keys(proceduralClasses) as ProceduralClass[]).flatMap((className) =>
    Array.from({ length: variants }, (_, variant): Category => {
      const name = variant === 0 ? className : `${className}-${variant + 1}`;
      // Far from every seed a user may give, so that no variant is another seed's piece.
      const piece = seed + variant * MOST_SEEDS;
      const samples = planProducts(className, sizes).map((planned) => ({
        part: planned.part,
        sample: toSample(name, className, piece, size, planned),
      }));
      const of = (part: string) => samples.filter((each) => each.part === part).map(({ sample }) => sample);
      return { name, className, train: of("train"), test: of("test") };
    }),
  );
  return { name: `procedural-${seed}`, categories, skipped: [] };
}

function toSample(
  category: string,
  className: ProceduralClass,
  seed: number,
  size: number,
  { path, index, defect }: PlannedSample,
): Sample {
  const product = () => drawProduct({ class: className, seed, index, defect, size });
  return {
    id: `${category}/${path}`,
    label: defect ? 1 : 0,
    kind: defect ?? "good",
    load: async () => product().image,
    ...(defect && { mask: async () => ({ width: size, height: size, data: product().mask }) }),
  };
}
