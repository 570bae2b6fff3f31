import { type Category, drawPrompts, promptCandidates, type Sample } from "@inctrl/datasets";
import type { AddOptions, FeatureStore, Query, TrainingItem } from "@inctrl/detect";
import { openSet } from "../sets.js";

/** Real auxiliary sets, which heads learn from. */
export const REAL = ["aitex:DIR/aitex", "sdd:DIR/kolektorsdd", "mvtec:DIR/mvtec"];
/** Drawn auxiliary sets: families of both splits, two pieces of each, nine normal and five anomalous images a piece. */
const DRAWN_OPTIONS = "variants=2&train=5&good=4&bad=5&size=224";
const FAMILIES =
  "bearing,biscuit,board,bolt,bottle,bracket,brushed,cable,camouflage,cap,capsule,cast,checker,chip,felt,gear,marble,paper,slice,tiles,timber,weave,wafer,zipper";
export const DRAWN = [
  `procedural:1?split=held-out&${DRAWN_OPTIONS}`,
  `procedural:1?split=train&${DRAWN_OPTIONS}&families=${FAMILIES}`,
];
/** Test sets, which heads never learn from. */
export const TESTS = ["brainmri:DIR/brainmri", "headct:DIR/headct", "elpv:DIR/elpv", "mnist:DIR/mnist"];
/** Test images of MNIST, the first of its file. Each of the ten categories scores them all. */
export const MNIST_IMAGES = 200;

/** Where a category belongs. */
interface Place extends Pick<Category, "name"> {
  readonly set: string;
  readonly real: boolean;
  /** Variants of a drawn family share a group, and so a fold. */
  readonly group: string;
}

/** A category by the numbers of its images in a store. */
export interface Stored extends Place {
  readonly train: readonly TrainingItem[];
  readonly test: readonly TrainingItem[];
  /** Images that prompts are drawn from, with the names that decide the draw. */
  readonly candidates: readonly { readonly id: string; readonly image: number | null }[];
}

/** K and seed of the draws. */
export const SHOTS = [2, 4, 8];
export const SEEDS = [0, 1, 2];

/** Adds data sets to a store. Training images of a test set are added only where a draw takes them as prompts. */
export async function storeSets(
  store: FeatureStore,
  root: string,
  specs: readonly string[],
  role: "auxiliary" | "test",
  add: AddOptions,
): Promise<Stored[]> {
  const stored: Stored[] = [];
  for (const spec of specs) {
    const drawn = spec.startsWith("procedural");
    const set = await openSet(spec, root);
    for (const category of set.categories) {
      const group = `${set.name}/${drawn ? category.name.replace(/-\d+$/, "") : category.name}`;
      const place = { set: set.name, name: category.name, real: !drawn, group };
      stored.push(await storeCategory(store, category, role === "test", place, stored.length, add));
    }
  }
  return stored;
}

async function storeCategory(
  store: FeatureStore,
  category: Category,
  tested: boolean,
  place: Place,
  index: number,
  add: AddOptions,
): Promise<Stored> {
  const candidates = promptCandidates(category);
  const used = new Set(
    tested ? SEEDS.flatMap((seed) => drawPrompts(candidates, Math.max(...SHOTS), seed)) : candidates,
  );
  const train = tested ? candidates.filter((sample) => used.has(sample)) : category.train;
  const test = category.test.filter(({ source }) => place.set !== "mnist" || source!.record! < MNIST_IMAGES);
  const samples = [...train, ...test];
  const numbers = await store.add(samples, add);
  const numberOf = new Map<Sample, number | null>(samples.map((sample, i) => [sample, numbers[i]!]));
  const items = (some: readonly Sample[]): TrainingItem[] =>
    some.flatMap((sample) => {
      const image = numberOf.get(sample);
      return image == null ? [] : [{ image, label: sample.label, category: index }];
    });
  return {
    ...place,
    train: items(train),
    test: items(test),
    candidates: candidates.map((sample) => ({ id: sample.id, image: numberOf.get(sample) ?? null })),
  };
}

/** The given images of a category, by default its test images, with the prompts of a draw. Null where there are too few prompts. */
export function queriesOf(
  { candidates, test }: Stored,
  shots: number,
  seed: number,
  images: readonly TrainingItem[] = test,
): Query[] | null {
  if (candidates.length < shots) return null;
  const prompts = drawPrompts(candidates, shots, seed).map(({ image }) => image as number);
  return images.map((item) => ({ ...item, prompts }));
}
