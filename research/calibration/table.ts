import { clopperPearson, falseAlarms, lineOf } from "@inctrl/detect";
import { markdown } from "../report.js";
import { thinned } from "../sets.js";

/** Scores of a category's images. */
export interface Scores {
  readonly set: string;
  readonly category: string;
  /** Good images of the training side that are no prompts. */
  readonly calibration: readonly number[];
  /** Test images. */
  readonly good: readonly number[];
  readonly bad: readonly number[];
}

/** Lines that are tried: the share of false alarms that is allowed, by the least number of good images that allows it. */
const LINES = [
  { n: 9, alpha: 0.1 },
  { n: 19, alpha: 0.1 },
  { n: 49, alpha: 0.1 },
  { n: 99, alpha: 0.1 },
  { n: 99, alpha: 0.05 },
  { n: 99, alpha: 0.01 },
];

/** Every line over all categories that have enough good images, category by category the first n of an even spread. */
export function tableOf(found: readonly Scores[], network: string): string {
  const rows = LINES.flatMap(({ n, alpha }) => {
    const enough = found.filter(({ calibration, good }) => calibration.length >= n && good.length > 0);
    if (enough.length === 0) return [];
    const tried = enough.map(({ calibration, good, bad }) => {
      const line = lineOf(thinned(calibration, n), alpha);
      const above = (scores: readonly number[]) => scores.filter((score) => score > line.threshold).length;
      const share = above(good) / good.length;
      return {
        line,
        alarms: above(good),
        good: good.length,
        missed: bad.length - above(bad),
        bad: bad.length,
        share,
      };
    });
    const total = (of: "alarms" | "good" | "missed" | "bad") =>
      tried.reduce((sum, each) => sum + each[of], 0);
    const { share, low, high } = clopperPearson(total("alarms"), total("good"));
    const { expected } = falseAlarms(tried[0].line);
    const over = tried.filter(({ line, share }) => 1000 * share > falseAlarms(line).most).length;
    return [
      [
        ...[String(n), percent(alpha), String(tried.length), percent(expected / 1000)],
        ...[percent(share), `${percent(low)} to ${percent(high)}`, `${over} of ${tried.length}`],
        percent(total("missed") / Math.max(1, total("bad"))),
      ],
    ];
  });
  const heads = [
    "good images",
    "allowed",
    "categories",
    "promised",
    "false alarms",
    "95% interval",
    "lines above their bound",
    "missed",
  ];
  const sets = [...new Set(found.map(({ set }) => set))].join(", ");
  return `# Whether calibrated lines keep their promise\n\n${network}, patch residual, K = 4, on ${sets}.\n\n${markdown(heads, rows)}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
