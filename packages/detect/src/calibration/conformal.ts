import { DetectError } from "../errors.js";
import { betaQuantile } from "./beta.js";

/**
 * What good scores a line stands on: `hint`, prompts left out one by one; `provisional`, fewer good images than the share of false alarms
 * needs; `calibrated`, enough of them.
 */
export type CalibrationStatus = "hint" | "provisional" | "calibrated";

/** A line between good and bad, from the scores of good parts that were no prompts. */
export interface Line {
  readonly status: CalibrationStatus;
  /** The share of good parts that may be flagged, as it was asked for. */
  readonly alpha: number;
  /** Good parts that it stands on. */
  readonly n: number;
  /** A part is flagged where its score is larger. */
  readonly threshold: number;
  /** Of n + 1 good parts, how many are flagged on average; `alpha (n + 1)` rounded down, and at least 1. */
  readonly rank: number;
}

/** Products such as 0.29 * 100 may fall short of a whole number by a rounding. */
const ROUNDING = 1e-9;

/**
 * The line by split conformal prediction (Vovk et al. 2005; Bates, Candes, Lei, Romano and Sesia 2023): a part is flagged where
 * `conformalP` is at most alpha, so that of good parts like these no more than that share is flagged on average. Where n is below
 * 1 / alpha - 1, no line can promise that, and the largest score is taken.
 *
 * @param scores of good parts that were no prompts, in any order.
 * @param options `hint`: they are of the prompts themselves, each left out in turn.
 * @throws DetectError `calibration` without scores, for one that is not finite, and for an alpha that is no share.
 * @example
 * lineOf(scoresOfGoodParts, 0.01).threshold; // flag what is larger
 */
export function lineOf(scores: readonly number[], alpha: number, { hint = false } = {}): Line {
  if (!(alpha > 0 && alpha < 1))
    throw new DetectError(
      "calibration",
      `${alpha} is no share of false alarms; give one between 0 and 1, such as 0.01`,
    );
  if (scores.length === 0)
    throw new DetectError("calibration", "there are no scores of good parts; give at least one good image");
  if (!scores.every(Number.isFinite))
    throw new DetectError("calibration", "a score of a good part is not finite; leave that image out");
  const sorted = Float64Array.from(scores).sort();
  const n = sorted.length;
  const allowed = Math.floor(alpha * (n + 1) + ROUNDING);
  const rank = Math.max(1, allowed);
  const status = hint ? "hint" : allowed < 1 ? "provisional" : "calibrated";
  return { status, alpha, n, threshold: sorted[n - rank], rank };
}

/**
 * The share of good parts, this one among them, that score at least as high: small where a part is unlike them.
 *
 * @param scores of good parts, in any order.
 * @example
 * conformalP([1, 2, 3], 2.5); // (1 + 1) / 4
 */
export const conformalP = (scores: readonly number[], score: number): number =>
  (1 + scores.reduce((sum, each) => sum + Number(each >= score), 0)) / (scores.length + 1);

/** How many good parts like those that a line stands on will be flagged. */
export interface FalseAlarms {
  /** Of 1000, how many will be flagged on average. */
  readonly expected: number;
  /** Of 1000, how many are not exceeded with 95% confidence. */
  readonly most: number;
}

/** The share of false alarms of a line has a Beta distribution over the choice of its good parts (Vovk 2012). */
export function falseAlarms({ n, rank }: Pick<Line, "n" | "rank">): FalseAlarms {
  return {
    expected: (1000 * rank) / (n + 1),
    most: 1000 * (rank > n ? 1 : betaQuantile(0.95, rank, n + 1 - rank)),
  };
}

/** How many more good parts it takes to halve what a line may exceed its average by. */
export function partsToHalve({ alpha, n, rank }: Pick<Line, "alpha" | "n" | "rank">): number {
  const excess = ({ expected, most }: FalseAlarms) => most - expected;
  const wanted = excess(falseAlarms({ n, rank })) / 2;
  // The excess falls with the root of n, so that four times as many are about enough.
  for (let more = Math.max(rank, Math.ceil(alpha * (n + 1))); ; more++) {
    const parts = Math.ceil(more / alpha - ROUNDING) - 1;
    if (parts > n && excess(falseAlarms({ n: parts, rank: more })) <= wanted) return parts - n;
  }
}
