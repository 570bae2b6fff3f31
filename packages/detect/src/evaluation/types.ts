import type { Skipped, Window } from "@inctrl/datasets";
import type { FittedDetector } from "../detector.js";
import type { ImageFailure, ImageScore } from "../score-images.js";

/** What is measured of a draw; null where there is nothing to measure. */
export interface Metrics {
  /** Image level, over the test images that could be read. */
  readonly auroc: number | null;
  /** Average precision. */
  readonly auprc: number | null;
  readonly f1Max: number | null;
  /** Scores at or above it count as anomalous where F1 is largest. */
  readonly threshold: number | null;
  /** Of the residual map, over the pixels that the model saw; null without masks. */
  readonly pixelAuroc: number | null;
  readonly aupro: number | null;
}

/** One draw of K prompts, and how well they tell a category's test images apart. */
export interface Draw {
  readonly category: string;
  /** K. */
  readonly shots: number;
  /** Null: not drawn, the first K by name. */
  readonly seed: number | null;
  /** Ids of the prompts, in the order of the draw. */
  readonly prompts: readonly string[];
  readonly metrics: Metrics;
  /** A score a test sample, in the order of the category; null for those left out. */
  readonly scores: readonly (number | null)[];
  /** Scores of good training images that are no prompts, where a line was asked for; those that could not be read are left out. */
  readonly calibration?: readonly number[];
  /** Time an image: decoding, encoding and the comparison with this draw's prompts. */
  readonly seconds: number;
  /** Samples that could not be used, and why: test images, and prompts that the next of the draw stands in for. */
  readonly skipped: readonly Skipped[];
  /** Why there are no numbers; null when there are. */
  readonly problem: string | null;
}

/** What was found in the test images of a draw; of a category too large for one piece, in those of a part of it. */
export interface ScoredDraw extends Pick<Draw, "category" | "shots" | "seed"> {
  /** Index of the detector among those that are measured. */
  readonly detector: number;
  /** The detector with the draw's prompts, which ends after `onScored`. */
  readonly fitted: FittedDetector;
  /** Scores, maps and matches, without facts of pixels, in the order of the category. */
  readonly results: readonly (ImageScore | ImageFailure)[];
}

/** All draws of a category. */
export interface CategoryResult {
  readonly name: string;
  readonly className: string;
  /** Ids of the test samples and whether each is anomalous: what a draw's scores are of. */
  readonly ids: readonly string[];
  readonly labels: readonly (0 | 1)[];
  /** Which values of its images were black and white; absent where nothing was measured. */
  readonly window?: Window;
  /** In order of K, then of seed. */
  readonly draws: readonly Draw[];
  readonly skipped: readonly Skipped[];
  /** Why the category cannot be measured at all; null when it can. */
  readonly problem: string | null;
}

/** A line between good and bad that each draw sets with good images of its own. */
export interface LineRequest {
  /** Good training images that are no prompts, at most. */
  readonly images: number;
  /** The share of good parts that may be flagged. */
  readonly alpha: number;
}

/** Settings that must match for a stored run to resume. */
export type Settings = Readonly<Record<string, string>>;

/** A finished or stopped evaluation. */
export interface Evaluation {
  readonly dataSet: string;
  readonly shots: readonly number[];
  /** One null where the prompts are the first by name. */
  readonly seeds: readonly (number | null)[];
  readonly settings: Settings;
  readonly categories: readonly CategoryResult[];
  /** Absent where no line was asked for. */
  readonly line?: LineRequest;
  /** False when it was stopped before its end. */
  readonly complete: boolean;
}

/** The titles of the metrics, in the order of every table. */
export const METRIC_TITLES: Readonly<Record<keyof Metrics, string>> = {
  auroc: "AUROC",
  auprc: "AUPRC",
  f1Max: "F1-max",
  threshold: "threshold",
  pixelAuroc: "pixel AUROC",
  aupro: "AUPRO",
};

export const METRICS = Object.keys(METRIC_TITLES) as (keyof Metrics)[];

/** A value for each metric. */
export const eachMetric = <T>(of: (name: keyof Metrics) => T): Record<keyof Metrics, T> =>
  Object.fromEntries(METRICS.map((name) => [name, of(name)])) as Record<keyof Metrics, T>;

/** Metrics of a draw that could not be measured. */
export const NO_METRICS: Metrics = eachMetric(() => null);
