import type { Fit } from "@inctrl/clip";
import type { Category, DataSet, Skipped } from "@inctrl/datasets";
import type { Backbone, FeatureStore } from "@inctrl/detect";
import { InctrlError } from "@inctrl/detect";
import type { Heads } from "../heads.js";
import { evaluateCategory, type Job } from "./category.js";
import { type Aggregate, COMPONENTS, type Component, makeRecipe, type Recipe } from "./components.js";
import { oneClass } from "./measure.js";
import { DrawStore } from "./store.js";
import { checkStore } from "./stored.js";
import type { CategoryResult, Evaluation, Settings } from "./types.js";

/** A way to score images, and where its draws are kept. */
export interface Way {
  heads?: Heads;
  /** What scores are made of, as the rows of the paper's ablation. Default: all that the model has. */
  components?: readonly Component[];
  /** Default `max`. */
  aggregate?: Aggregate;
  /** Weight of s_p in the final score. Default: the heads' own. */
  alpha?: number;
  /** A file that keeps draws as they finish, from which a stopped run goes on. Default: none is kept. */
  store?: string;
  /** More that a stored run must agree with, such as the hash of the heads' file. */
  settings?: Settings;
}

/** What all ways to score of a run share. */
export interface SharedOptions {
  backbone: Backbone;
  dataSet: DataSet;
  /** Each K to be measured. */
  shots: readonly number[];
  /** How many draws of each K, with seeds 0, 1, ...; 0 measures once, with the first K prompts by name. */
  seeds: number;
  /** Default `crop`. */
  fit?: Fit;
  /** Images encoded together. Default 8; the numbers do not depend on it. */
  batch?: number;
  /** Bytes of features held on the device at a time. Default 512 MiB: 220 images of ViT-B/16+ at 240 pixels. */
  featureBytes?: number;
  /** Features that are kept between runs, as training keeps them: in float16, which moves residuals by about 1e-4. */
  features?: FeatureStore;
  /** Images done, and in all, of those that no stored result makes unnecessary. */
  onProgress?: (done: number, total: number, category: string) => void;
  /** A test image or a prompt that is left out. */
  onSkipped?: (skipped: Skipped & { readonly category: string }) => void;
  /** Stops after the draw at work; what is finished is returned, and stored. */
  signal?: AbortSignal;
}

export interface EvaluateOptions extends SharedOptions, Way {}

/**
 * Measures how well a model tells the categories of a data set apart, given K normal images of each: for every
 * category, K and seed K prompts are drawn, and all test images are scored (paper, section 4). Each test image is
 * encoded once. The same options give the same numbers, whether in one go or with stops.
 *
 * @throws InctrlError `evaluation`, `heads` or `text` for options that fit each other or the stored run badly.
 * @example
 * const evaluation = await evaluate({ backbone, dataSet: await openDataSet("brainmri:brain"), shots: [2, 4], seeds: 3 });
 * for (const { category, shots, metrics } of summarize(evaluation)) console.log(category, shots, metrics.auroc?.mean);
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const [evaluation] = await evaluateWays([options], options);
  return evaluation as Evaluation;
}

/**
 * Measures several ways to score with one backbone on the same draws, each as `evaluate` would alone: images are encoded
 * and prompts searched once for all of them.
 *
 * @returns an evaluation a way, in their order.
 * @throws InctrlError as `evaluate`.
 * @example
 * const [full, residual] = await evaluateWays([{ heads }, { components: ["P"] }], { backbone, dataSet, shots: [4], seeds: 3 });
 */
export async function evaluateWays(ways: readonly Way[], options: SharedOptions): Promise<Evaluation[]> {
  const { backbone, dataSet, fit = "crop", batch = 8, featureBytes = 2 ** 29, features, signal } = options;
  const shots = wholeNumbers(options.shots);
  const seeds = seedsOf(options.seeds);
  const recipes = ways.map(({ heads, components, aggregate = "max", alpha = heads?.alpha ?? 1 }) =>
    makeRecipe(backbone, heads, components, aggregate, alpha),
  );
  if (features) checkStore(features, backbone, fit);
  const settings: Settings[] = [];
  for (const [i, way] of ways.entries()) settings.push(await settingsOf(recipes[i]!, way, options));
  const stores: DrawStore[] = [];
  const found: CategoryResult[][] = ways.map(() => []);
  try {
    for (const [i, { store }] of ways.entries()) stores.push(await DrawStore.open(store, settings[i]!));
    const isWaiting = ({ name, test }: Category) =>
      !oneClass(test.map(({ label }) => label)) &&
      shots.some((k) =>
        seeds.some((seed) => stores.some((store) => !store.has({ category: name, shots: k, seed }))),
      );
    const total = dataSet.categories.reduce((sum, each) => sum + (isWaiting(each) ? each.test.length : 0), 0);
    let done = 0;
    for (const category of dataSet.categories) {
      if (signal?.aborted) break;
      const onImages = (count: number) => {
        done += count;
        options.onProgress?.(Math.min(total, Math.round(done)), total, category.name);
      };
      const onSkipped: Job["onSkipped"] = (skipped) => options.onSkipped?.(skipped);
      const job: Job = {
        ...{ backbone, shots, seeds, fit, batch, featureBytes, features, signal },
        ways: recipes.map((recipe, i) => ({ recipe, store: stores[i]! })),
        ...{ onImages, onSkipped },
      };
      for (const [i, result] of (await evaluateCategory(category, job)).entries()) found[i]!.push(result);
    }
  } finally {
    for (const store of stores) await store.close();
  }
  return found.map((categories, i) => {
    const drawn = categories.filter(
      ({ problem, draws }) => problem || draws.length === shots.length * seeds.length,
    );
    const complete = drawn.length === dataSet.categories.length;
    return { dataSet: dataSet.name, shots, seeds, settings: settings[i]!, categories, complete };
  });
}

/** What a stored run of a way must agree with. */
async function settingsOf(
  { components, alpha }: Recipe,
  { aggregate = "max", settings }: Way,
  { backbone, dataSet, fit = "crop", features }: SharedOptions,
): Promise<Settings> {
  const text = components.has("T") ? await backbone.textFingerprint() : null;
  return {
    "data set": dataSet.name,
    backbone: backbone.fingerprint,
    blocks: backbone.config.outBlocks.join(),
    preprocessing: JSON.stringify(backbone.config.preprocess),
    components: COMPONENTS.filter((name) => components.has(name)).join(),
    aggregate,
    alpha: String(alpha),
    fit,
    ...(backbone.turns > 1 && { "prompt turns": String(backbone.turns) }),
    ...(text !== null && { text }),
    ...(features && { features: "kept in float16" }),
    ...settings,
  };
}

/** In ascending order, each once. */
function wholeNumbers(shots: readonly number[]): number[] {
  const wrong = shots.find((k) => !Number.isSafeInteger(k) || k < 1);
  if (wrong !== undefined || shots.length === 0) {
    throw new InctrlError("evaluation", `shots ${wrong ?? "are missing"}: give whole numbers from 1`);
  }
  return [...new Set(shots)].sort((a, b) => a - b);
}

function seedsOf(count: number): (number | null)[] {
  if (!Number.isInteger(count) || count < 0 || count > 10_000) {
    throw new InctrlError("evaluation", `${count} seeds: give a whole number from 0 to 10000`);
  }
  return count === 0 ? [null] : Array.from({ length: count }, (_, seed) => seed);
}
