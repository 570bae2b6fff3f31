import { type Category, drawPrompts, promptCandidates, type Sample } from "@inctrl/datasets";
import { betaBinomialTail } from "../calibration/beta.js";
import { type Line, lineOf } from "../calibration/conformal.js";
import { meanOf } from "../metrics/metrics.js";
import { scoredOnly } from "./measure.js";
import type { Draw, Evaluation } from "./types.js";

/** The order in which good images set lines, whatever prompts are drawn. */
const ORDER_SEED = 0x11ce;

/**
 * The good training images that draws set their lines with. They are as many as any draw needs besides its own prompts, and those for
 * fewer shots come first, so that a stopped run may go on with more.
 */
export function calibrationPool(
  category: Category,
  { calibration = 0, shots }: { readonly calibration?: number; readonly shots: readonly number[] },
): readonly Sample[] {
  const good = calibration > 0 ? promptCandidates(category) : [];
  if (good.length === 0) return [];
  return drawPrompts(good, good.length, ORDER_SEED).slice(0, calibration + Math.max(...shots));
}

/** The scores of a draw's test images, and of good images that are none of its prompts. */
export function splitScores(
  {
    scores,
    prompts,
  }: { readonly scores: Draw["scores"]; readonly prompts: readonly { readonly name: string }[] },
  images: readonly Sample[],
  tested: number,
  calibration = 0,
): Pick<Draw, "scores" | "calibration"> {
  if (calibration === 0) return { scores };
  const own = new Set(prompts.map(({ name }) => name));
  const others = images.flatMap(({ id }, i) => (i < tested || own.has(id) ? [] : [scores[i]]));
  return {
    scores: scores.slice(0, tested),
    calibration: others.slice(0, calibration).filter((score) => score !== null),
  };
}

/** What a draw's line does to the test images. */
export interface LineResult {
  readonly line: Line;
  /** Good test images, and those of them that are flagged. */
  readonly good: number;
  readonly falseAlarms: number;
  /** Bad test images, and those of them that are not flagged. */
  readonly bad: number;
  readonly missed: number;
  /**
   * Whether so many false alarms are nothing unusual for a line that keeps its promise: of such lines at least one in twenty has as many
   * (the beta-binomial distribution of Vovk 2012).
   */
  readonly held: boolean;
}

/** Sets the line of a draw and counts; null where nothing was asked for or measured. */
export function lineResult(
  { calibration = [], scores }: Pick<Draw, "calibration" | "scores">,
  labels: readonly (0 | 1)[],
  alpha: number,
): LineResult | null {
  if (calibration.length === 0) return null;
  const line = lineOf(calibration, alpha);
  const { labels: truth, scores: values } = scoredOnly(labels, scores);
  const flagged = (label: 0 | 1) =>
    values.filter((score, i) => truth[i] === label && score > line.threshold).length;
  const good = truth.filter((label) => label === 0).length;
  const bad = truth.length - good;
  const falseAlarms = flagged(0);
  // A line of so few good parts that all of it lies below the largest promises nothing.
  const after = Math.max(1, line.n + 1 - line.rank);
  const held = betaBinomialTail(falseAlarms, good, line.rank, after) >= 0.05;
  return { line, good, falseAlarms, bad, missed: bad - flagged(1), held };
}

/** The lines of a category's draws of K prompts, on average. */
export interface LineRow {
  readonly category: string;
  readonly shots: number;
  /** Good images that set the line, the fewest of the draws. */
  readonly n: number;
  /** The share of good images that such a line flags on average. */
  readonly expected: number;
  /** Mean share of the good test images that are flagged; null without any. */
  readonly falseAlarms: number | null;
  /** Mean share of the bad test images that are not; null without any. */
  readonly missed: number | null;
  /** Draws whose false alarms are within what the line promises. */
  readonly held: number;
  readonly draws: number;
}

/** A row for each category and K that has a line; none where no line was asked for. */
export function lineRows({ categories, shots, line }: Evaluation): LineRow[] {
  if (!line) return [];
  return categories.flatMap(({ name, labels, draws }) =>
    shots.flatMap((k) => {
      const found = draws
        .filter((draw) => draw.shots === k)
        .flatMap((draw) => lineResult(draw, labels, line.alpha) ?? []);
      if (found.length === 0) return [];
      const mean = (part: "falseAlarms" | "missed", of: "good" | "bad") =>
        found[0][of] === 0 ? null : meanOf(found.map((each) => each[part] / each[of]));
      return [
        {
          ...{ category: name, shots: k, n: Math.min(...found.map((each) => each.line.n)) },
          expected: meanOf(found.map(({ line: { rank, n } }) => rank / (n + 1))),
          ...{ falseAlarms: mean("falseAlarms", "good"), missed: mean("missed", "bad") },
          ...{ held: found.filter(({ held }) => held).length, draws: found.length },
        },
      ];
    }),
  );
}
