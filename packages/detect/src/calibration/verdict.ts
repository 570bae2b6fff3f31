import { medianOf } from "../metrics/metrics.js";
import { conformalP, type Line } from "./conformal.js";

/** What is said of a part: good, to be looked at, not good; or that it could not be told. */
export type Verdict = "OK" | "REVIEW" | "NG" | "ERROR";

/** A verdict and what it stands on. */
export interface Judged {
  readonly verdict: Verdict;
  /** The share of good parts that score at least as high; null where there is no score. */
  readonly p_value: number | null;
  /** From 0 to 1: above 0.5 exactly where the part is flagged; null where there is no score. */
  readonly scaled_score: number | null;
}

/** The smallest scaled score of a flagged part: still above one half in the nine digits of results. */
const ABOVE_HALF = 0.500000001;

/**
 * A score as a number from 0 to 1 that is above 0.5 exactly where it is above the line; larger scores have larger numbers.
 *
 * @param spread how far scores of good parts lie from the line, a scale: at the line plus the spread the number is 0.75.
 * @example
 * scaledScore(3, { threshold: 3, spread: 1 }); // 0.5, which is not flagged
 */
export function scaledScore(
  score: number,
  { threshold, spread }: { threshold: number; spread: number },
): number {
  const distance = (score - threshold) / spread;
  // 0 / 0 and infinity / infinity lie at the line or beyond all bounds.
  const share = Number.isFinite(distance)
    ? 0.5 + distance / (2 * (1 + Math.abs(distance)))
    : score > threshold
      ? 1
      : 0;
  return score > threshold ? Math.max(ABOVE_HALF, share) : Math.min(0.5, share);
}

/** The distance from the line to the median of good scores; where it is none, the line's own size. */
export function spreadBelow(scores: readonly number[], threshold: number): number {
  return threshold - medianOf(scores) || Math.abs(threshold) || 1;
}

/** What a verdict stands on. */
export interface Judge {
  readonly line: Line;
  /** Scores of the good parts. */
  readonly scores: readonly number[];
  /** Parts that are not flagged are to be looked at where their p is at most this; 0: none. */
  readonly review: number;
}

/**
 * The verdict of a score. A score that is no number is an ERROR, never OK.
 *
 * @example
 * judge(score, { line: lineOf(good, 0.01), scores: good, review: 0.05 }).verdict; // "REVIEW"
 */
export function judge(score: number, { line, scores, review }: Judge): Judged {
  if (!Number.isFinite(score)) return { verdict: "ERROR", p_value: null, scaled_score: null };
  const p_value = conformalP(scores, score);
  const flagged = score > line.threshold;
  return {
    verdict: flagged ? "NG" : p_value <= review ? "REVIEW" : "OK",
    p_value,
    scaled_score: scaledScore(score, {
      threshold: line.threshold,
      spread: spreadBelow(scores, line.threshold),
    }),
  };
}
