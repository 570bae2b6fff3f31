import {
  type Category,
  type DataSet,
  type DatasetFormat,
  type FormatOptions,
  nearestName,
  readChoice,
  readWholeNumber,
  type Sample,
} from "@inctrl/datasets";
import { refuse } from "../check.js";
import type { DefectKind } from "../defects.js";
import { FAMILIES } from "../families.js";
import { drawProduct, type ProceduralClass, proceduralClasses } from "../products/product.js";
import { drawClass } from "../sample/class.js";
import { type DrawnSample, drawSample } from "../sample/sample.js";
import { type Camera, drawView } from "../sample/view.js";
import { type PlanSizes, planProducts } from "./plan.js";

/** Products that are drawn on demand, without files. */
export const procedural: DatasetFormat = {
  name: "procedural",
  title: "products drawn by this package",
  argument: "SEED",
  layout: "a whole number; another seed draws other pieces",
  options: {
    split:
      "classic, the seven classes of the demo (default); train, the families that models are pretrained on; held-out, those kept for evaluation",
    families: "only these, with commas between (default all of the split)",
    camera:
      "of train and held-out; fixed, one for a category, as above a production line, or free, another light and distance for each image (default free)",
    variants: "categories a family, each a class of its own (default 1)",
    train: "normal training images a category (default 8)",
    good: "normal test images a category (default 10)",
    bad: "anomalous test images a category (default 10)",
    size: "pixels a side (default 240)",
  },
  open: async (seed, options) => draw(seed, options),
};

const MAX_SAMPLES = 100_000;
const MAX_SEEDS = 1_000_000;

function draw(seedText: string, options: FormatOptions): DataSet {
  const seed = Number(seedText);
  if (!/^\d+$/.test(seedText) || seed >= MAX_SEEDS) {
    throw refuse(`procedural:${seedText}: give a whole number below ${MAX_SEEDS}`);
  }
  const sizes = {
    train: readWholeNumber(options, "train", 8, [0, MAX_SAMPLES]),
    testGood: readWholeNumber(options, "good", 10, [0, MAX_SAMPLES]),
    testBad: readWholeNumber(options, "bad", 10, [0, MAX_SAMPLES]),
  };
  const variants = readWholeNumber(options, "variants", 1, [1, 1000]);
  const size = readWholeNumber(options, "size", 240, [16, 4096]);
  const split = readChoice(options, "split", ["classic", "train", "held-out"]);
  const camera = readChoice(options, "camera", ["free", "fixed"]);
  if (split === "classic" && options.camera !== undefined)
    throw refuse("option camera: the classic classes have one; choose another split");
  const categories = chosen(split, options.families).flatMap((family) =>
    Array.from({ length: variants }, (_, variant) => {
      const of =
        split === "classic"
          ? classicClass(family, variant, seed, size)
          : familyClass(family, variant, seed, size, camera);
      return toCategory(of, size, sizes);
    }),
  );
  const name = split === "classic" ? `procedural-${seed}` : `procedural-${split}-${seed}`;
  return { name, categories, skipped: [] };
}

/** The requested families, in order of name. */
function chosen(split: "classic" | "train" | "held-out", given: string | undefined): string[] {
  const known =
    split === "classic"
      ? Object.keys(proceduralClasses)
      : FAMILIES.filter(({ heldOut = false }) => heldOut === (split === "held-out")).map(({ name }) => name);
  known.sort();
  if (given === undefined) return known;
  const names = given.split(",");
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    const mend = near ? `did you mean "${near}"?` : `choose from ${known.join(", ")}`;
    throw refuse(`option families: no "${name}" among the ${split} families; ${mend}`);
  }
  return known.filter((name) => names.includes(name));
}

/** A class whose samples can be drawn. */
interface DrawableClass {
  readonly name: string;
  readonly className: string;
  readonly kinds: readonly DefectKind[];
  draw(index: number, defect: DefectKind | null): DrawnSample;
}

function classicClass(className: string, variant: number, seed: number, size: number): DrawableClass {
  const name = className as ProceduralClass;
  // Beyond every seed that a user may give, so that no variant equals the piece of another seed.
  const piece = seed + variant * MAX_SEEDS;
  return {
    name: variant === 0 ? name : `${name}-${variant + 1}`,
    className,
    kinds: proceduralClasses[name],
    draw(index, defect) {
      const { image, mask } = drawProduct({ class: name, seed: piece, index, defect, size });
      return { rgb: image.data, mask };
    },
  };
}

function familyClass(
  name: string,
  variant: number,
  seed: number,
  size: number,
  camera: Camera,
): DrawableClass {
  const family = FAMILIES.find((each) => each.name === name)!;
  const drawn = drawClass({ family, variant, seed });
  return {
    name: `${name}-${variant + 1}`,
    className: drawn.noun,
    kinds: family.defects,
    draw: (index, defect) => drawSample(drawn, drawView(drawn, index, camera), index, defect, size),
  };
}

function toCategory(
  { name, className, kinds, draw }: DrawableClass,
  size: number,
  sizes: PlanSizes,
): Category {
  const picture = { width: size, height: size } as const;
  const planned = planProducts(kinds, sizes).map(({ part, path, index, defect }) => {
    const sample: Sample = {
      id: `${name}/${path}`,
      label: defect ? 1 : 0,
      kind: defect ?? "good",
      load: async () => ({ ...picture, mode: "RGB", data: draw(index, defect).rgb }),
      ...(defect && { mask: async () => ({ ...picture, data: draw(index, defect).mask }) }),
    };
    return { part, sample };
  });
  const samples = (wanted: string) => planned.flatMap(({ part, sample }) => (part === wanted ? sample : []));
  return { name, className, train: samples("train"), test: samples("test") };
}
