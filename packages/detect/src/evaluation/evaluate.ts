import type { Category, DataSet, Sample, Skipped } from "@inctrl/datasets";
import type { Detector } from "../detector.js";
import { DetectError } from "../errors.js";
import type { WindowRequest } from "../images/window.js";
import { evaluateCategory, type Job } from "./category.js";
import { DrawStore } from "./draw-store.js";
import { calibrationPool } from "./line.js";
import { oneClass } from "./measure.js";
import { detectorSettings } from "./settings.js";
import type { CategoryResult, Evaluation, LineRequest, Settings } from "./types.js";

/** A detector to be measured, and where its draws are kept. */
export interface Scoring {
  readonly detector: Detector;
  /** A file that keeps draws as they finish, from which a stopped run resumes. Default: none is kept. */
  readonly store?: string;
  /** More settings that must match for a stored run to resume, such as the hash of a heads file. */
  readonly settings?: Settings;
}

/** What all detectors of a run share. */
export interface SharedOptions {
  readonly dataSet: DataSet;
  /** Each K to be measured. */
  readonly shots: readonly number[];
  /** Number of draws for each K, with seeds 0, 1, ...; 0 measures once, with the first K prompts by name. */
  readonly seeds: number;
  /** Bytes of features held on the device at a time. Default 512 MiB: 220 images of ViT-B/16+ at 240 pixels. */
  readonly featureBytes?: number;
  /** A line that each draw sets, whose false alarms and misses are counted (`lineRows`). Default: none. */
  readonly line?: LineRequest;
  /** Which values become black and white, measured on the normal training images of each category. Default `auto`. */
  readonly window?: WindowRequest;
  /** Told of the window of each category. */
  readonly onWindow?: Job["onWindow"];
  /** Told of images done, and of all images that have to be scored. */
  readonly onProgress?: (done: number, total: number, category: string) => void;
  /**
   * Told what was found in the images of each draw, before it is measured. Draws that are taken over from a store are not told. Matches are
   * searched once for all, as scores are.
   */
  readonly onScored?: Job["onScored"];
  /** Told of a test image or a prompt that is left out. */
  readonly onSkipped?: (skipped: Skipped & { readonly category: string }) => void;
  /**
   * Told, once each, of stored draws from before there were checksums, or before images were known by content, and of images and
   * masks that are probably not what is meant.
   */
  readonly onNote?: (text: string) => void;
  /** Stops after the draw at work; what is finished is returned, and stored. */
  readonly signal?: AbortSignal;
}

export interface EvaluateOptions extends SharedOptions, Scoring {}

/**
 * Measures how well a detector tells the categories of a data set apart, given K normal images of each: for every category, K
 * and seed, K prompts are drawn and all test images are scored (paper, section 4). Each test image is encoded once. The same
 * options give the same numbers, with or without stops in between.
 *
 * @throws DetectError `evaluation` for wrong numbers, and for a store that belongs to another run.
 * @example
 * const dataSet = await openDataSet("brainmri:brain");
 * const evaluation = await evaluate({ detector: residual(encoder), dataSet, shots: [2, 4], seeds: 3 });
 * for (const { category, shots, metrics } of summarize(evaluation)) console.log(category, shots, metrics.auroc?.mean);
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const [evaluation] = await evaluateAll([options], options);
  return evaluation;
}

/**
 * Measures several detectors on the same draws, each as `evaluate` would measure it alone. Their encoders share a root
 * (`selectTaps`), so that images are encoded once for all of them; prompts are searched once for those with equal taps.
 *
 * @returns an evaluation for each, in their order.
 * @throws DetectError as `evaluate`, and where encoders have no root in common.
 * @example
 * const [full, patches] = await evaluateAll([{ detector: inctrl(encoder, { heads }) }, { detector: residual(encoder) }], options);
 */
export async function evaluateAll(
  scorings: readonly Scoring[],
  options: SharedOptions,
): Promise<Evaluation[]> {
  const { dataSet, featureBytes = 2 ** 29, signal } = options;
  const shots = wholeNumbers(options.shots);
  const seeds = seedsOf(options.seeds);
  checkShared(scorings);
  const settings = await Promise.all(scorings.map((scoring) => settingsOf(scoring, options)));
  const stores: DrawStore[] = [];
  const found: CategoryResult[][] = scorings.map(() => []);
  const hashOf = scorings[0].detector.encoder.hashes();
  try {
    for (const [i, { store: path }] of scorings.entries()) {
      const store = await DrawStore.open(path, settings[i]);
      stores.push(store);
      if (!store.sealed)
        options.onNote?.(
          `${path}: holds draws of a version without checksums, so that nothing vouches for them`,
        );
      if (store.outdated)
        options.onNote?.(
          `${path}: holds draws of a version that knew images by their size, not their content; they are measured again`,
        );
    }
    const isWaiting = ({ name, test }: Category) =>
      !oneClass(test.map(({ label }) => label)) &&
      shots.some((k) =>
        seeds.some((seed) => stores.some((store) => !store.has({ category: name, shots: k, seed }))),
      );
    const calibration = options.line?.images;
    const images = (each: Category) =>
      each.test.length + calibrationPool(each, { calibration, shots }).length;
    const total = dataSet.categories.reduce((sum, each) => sum + (isWaiting(each) ? images(each) : 0), 0);
    let done = 0;
    for (const category of dataSet.categories) {
      if (signal?.aborted) break;
      const onImages = (count: number) => {
        done += count;
        options.onProgress?.(Math.min(total, Math.round(done)), total, category.name);
      };
      const onSkipped: Job["onSkipped"] = (skipped) => options.onSkipped?.(skipped);
      const job: Job = {
        ...{ shots, seeds, featureBytes, signal, onImages, onSkipped, hashOf },
        ...{ calibration, window: options.window, onWindow: options.onWindow, onNote: options.onNote },
        onScored: options.onScored,
        scorings: scorings.map(({ detector }, i) => ({ detector, store: stores[i] })),
      };
      for (const [i, result] of (await evaluateCategory(category, job)).entries()) found[i].push(result);
    }
  } finally {
    for (const store of stores) await store.close();
  }
  return found.map((categories, i) => {
    const drawn = categories.filter(
      ({ problem, draws }) => problem || draws.length === shots.length * seeds.length,
    );
    const complete = drawn.length === dataSet.categories.length;
    const { line } = options;
    return {
      ...{ dataSet: dataSet.name, shots, seeds, settings: settings[i], categories, complete },
      ...(line && { line }),
    };
  });
}

function checkShared(scorings: readonly Scoring[]): void {
  const [first, ...others] = scorings.map(({ detector }) => detector);
  if (!first) throw new DetectError("evaluation", "there is no detector to measure; give at least one");
  for (const { name, encoder } of others) {
    if (encoder.root === first.encoder.root) continue;
    throw new DetectError(
      "evaluation",
      `${name} encodes images otherwise than ${first.name}; give detectors of one encoder, or of parts of one (selectTaps)`,
    );
  }
}

/** All settings that must match for a stored run to resume. Their names are part of the store's format. */
async function settingsOf(
  { detector, settings }: Scoring,
  { dataSet, line, window = "auto" }: SharedOptions,
): Promise<Settings> {
  const [{ reading } = {}] = dataSet.categories.flatMap<Partial<Sample>>(({ test }) => test);
  return {
    "data set": dataSet.name,
    ...(await detectorSettings(detector, { ...reading, window })),
    ...(line && { "good images for the line": String(line.images) }),
    ...settings,
  };
}

/** In ascending order, each once. */
function wholeNumbers(shots: readonly number[]): number[] {
  const wrong = shots.find((k) => !Number.isSafeInteger(k) || k < 1);
  if (wrong !== undefined || shots.length === 0) {
    throw new DetectError("evaluation", `shots ${wrong ?? "are missing"}: give whole numbers from 1`);
  }
  return [...new Set(shots)].sort((a, b) => a - b);
}

function seedsOf(count: number): (number | null)[] {
  if (!Number.isInteger(count) || count < 0 || count > 10_000) {
    throw new DetectError("evaluation", `${count} seeds: give a whole number from 0 to 10000`);
  }
  return count === 0 ? [null] : Array.from({ length: count }, (_, seed) => seed);
}
