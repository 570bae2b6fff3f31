import { createHash } from "node:crypto";
import { type Category, type Sample, type Skipped, skippedBy } from "@inctrl/datasets";
import { scope, tensor } from "@inctrl/tensor";
import type { AddOptions, FeatureStore } from "../encoder/feature-store.js";
import { type MeasuredWindow, throughOneWindow, type WindowRequest } from "../images/window.js";
import { textScore } from "../text/prototypes.js";
import { type HoldOut, heldOut, holdOutOf } from "./hold-out.js";
import { crossCategoryNegatives } from "./negatives.js";
import type { Query, TrainingItem } from "./sampler.js";

/** Everything that a run trains and is validated on, by the numbers of a store. */
export interface TrainingData {
  /** Names of all categories, trained on or held out. */
  readonly categories: readonly string[];
  /** What texts call them. */
  readonly classNames: readonly string[];
  /** All images of the categories trained on, their training and test parts together. */
  readonly items: readonly TrainingItem[];
  readonly holdOut: readonly HoldOut[];
  /** s_a of each image in each category, by `category:image`; null without text. */
  readonly text: ReadonlyMap<string, number> | null;
  /** Images that could not be read. */
  readonly skipped: readonly Skipped[];
  /** sha256 over what every image shows, what it is and which part it plays. */
  readonly hash: string;
  /** A name for each image, for people. */
  readonly names: ReadonlyMap<number, string>;
}

export interface GatherOptions extends Pick<AddOptions, "onProgress" | "signal"> {
  /** Names of categories to hold out, or of classes, each with all its categories. */
  readonly holdOut?: readonly string[];
  /** K and seed of the prompts of categories held out. */
  readonly shots: number;
  readonly seed: number;
  /** Normal images of other categories that each training category takes as anomalies (`crossCategoryNegatives`). Default 0. */
  readonly negatives?: number;
  /** Which values become black and white, measured on the normal training images of each category. Default `auto`. */
  readonly window?: WindowRequest;
  /** Told of the window of each category. */
  readonly onWindow?: (category: string, measured: MeasuredWindow) => void;
  /** Leaves s_a out although the backbone knows text. */
  readonly withoutText?: boolean;
}

/**
 * Takes all images of some categories into a store and sorts them by the part they play.
 *
 * @throws TrainingError `training` for an unknown category to hold out, or where nothing is left to train on.
 */
export async function gatherData(
  store: FeatureStore,
  given: readonly Category[],
  options: GatherOptions,
): Promise<TrainingData> {
  const { holdOut = [], shots, seed, negatives = 0, withoutText = false } = options;
  const categories: Category[] = [];
  for (const each of given) {
    const measured = await throughOneWindow(each, options.window);
    options.onWindow?.(each.name, measured);
    categories.push(measured.category);
  }
  const known = categories.map(({ name }) => name);
  const outside = heldOut(categories, holdOut);
  const skipped: Skipped[] = [];
  const all = categories.flatMap(({ train, test }) => [...train, ...test]);
  const onSkipped = (sample: Sample, error: Error) => skipped.push(skippedBy(sample.id, error));
  const numbers = await store.add(all, { ...options, onSkipped });
  const numberOf = new Map(all.map((sample, i) => [sample, numbers[i]]));

  const items: TrainingItem[] = [];
  const held: HoldOut[] = [];
  categories.forEach((category, index) => {
    const place = (samples: readonly Sample[]): TrainingItem[] =>
      samples.flatMap((sample) => {
        const image = numberOf.get(sample);
        return image == null ? [] : [{ image, label: sample.label, category: index }];
      });
    if (outside.has(category)) {
      held.push(holdOutOf(category, numberOf, place(category.test), { shots, seed }));
    } else items.push(...place([...category.train, ...category.test]));
  });
  items.push(...crossCategoryNegatives(items, negatives));
  const names = new Map(all.map((sample, i) => [numbers[i] ?? -1, sample.source?.path ?? sample.id]));
  const parts = [items, ...held.map(({ queries }) => queries)];
  return {
    categories: known,
    classNames: categories.map(({ className }) => className),
    items,
    holdOut: held,
    text: withoutText || !store.backbone.hasText ? null : await textScores(store, categories, parts.flat()),
    skipped,
    hash: hashOf(store, known, parts),
    names,
  };
}

function hashOf(
  store: FeatureStore,
  categories: readonly string[],
  parts: readonly (readonly (TrainingItem & Partial<Query>)[])[],
): string {
  const hash = createHash("sha256").update(JSON.stringify(categories));
  for (const part of parts) {
    for (const { image, label, category, prompts = [] } of part) {
      hash.update(JSON.stringify([store.hash(image), label, category, prompts.map((p) => store.hash(p))]));
    }
    hash.update("\n");
  }
  return hash.digest("hex");
}

/** Where the score of an image in a category is kept. */
export const textKey = ({ category, image }: TrainingItem): string => `${category}:${image}`;

/** Images scored against a text at a time. The size is fixed, so that a score does not depend on its company. */
const TEXT_BATCH = 256;

/** s_a of every image against its category's own text. */
async function textScores(
  store: FeatureStore,
  categories: readonly Category[],
  items: readonly TrainingItem[],
): Promise<Map<string, number>> {
  const { backbone } = store;
  const { embedDim, logitScale } = backbone;
  const scores = new Map<string, number>();
  for (const [index, { className }] of categories.entries()) {
    const own = items.filter(({ category }) => category === index);
    for (let at = 0; at < own.length; at += TEXT_BATCH) {
      const some = own.slice(at, at + TEXT_BATCH);
      const rows = new Float32Array(TEXT_BATCH * embedDim);
      for (let i = 0; i < TEXT_BATCH; i++)
        rows.set(store.feature(some[Math.min(i, some.length - 1)].image), i * embedDim);
      const prototypes = await backbone.prototypes(className);
      const made = scope(() =>
        textScore(tensor(backbone.device, rows, [TEXT_BATCH, embedDim]), prototypes, logitScale),
      );
      const values = await made.data().finally(() => made.dispose());
      for (const [i, item] of some.entries()) scores.set(textKey(item), values[i]);
    }
  }
  return scores;
}

/** What of its data the file of a training tells: categories by the part they play, and numbers of images. */
export function trainedOn({ items, categories, holdOut, skipped }: TrainingData): Record<string, string> {
  const held = holdOut.map(({ name }) => name);
  return {
    trained_on: JSON.stringify(categories.filter((name) => !held.includes(name))),
    held_out: JSON.stringify(held),
    normal_images: String(items.filter(({ label }) => label === 0).length),
    anomalous_images: String(items.filter(({ label }) => label === 1).length),
    skipped_images: String(skipped.length),
  };
}
