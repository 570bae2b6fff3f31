import { type Draw, falseAlarms, lineResult } from "@inctrl/detect";
import { markdown } from "../report.js";

/** A draw of prompts with the scores of good images, and what the test images are. */
export interface Tried {
  readonly set: string;
  readonly category: string;
  readonly labels: readonly (0 | 1)[];
  readonly draw: Draw;
}

/** Good images that set a line at most. */
export const GOOD = 199;

/** Lines that are tried: good images, and the share of false alarms that is allowed. */
const LINES = [
  { n: 9, alpha: 0.1 },
  { n: 19, alpha: 0.1 },
  { n: 49, alpha: 0.1 },
  { n: 99, alpha: 0.1 },
  { n: 19, alpha: 0.05 },
  { n: 99, alpha: 0.05 },
  { n: 99, alpha: 0.01 },
  { n: 199, alpha: 0.01 },
];

/** Each line on the first n good images of every draw that has so many, and then set by set. */
export function tableOf(tried: readonly Tried[], network: string): string {
  const sets = [...new Set(tried.map(({ set }) => set))];
  const all = LINES.flatMap((line) => rowOf(tried, line));
  const each = sets.flatMap((set) =>
    rowOf(
      tried.filter((one) => one.set === set),
      { n: 19, alpha: 0.1 },
    ).map((cells) => [set, ...cells]),
  );
  return `# Whether calibrated lines keep their promise

${network}, patch residual, K = 4, three draws of prompts, on ${sets.join(", ")}. Good images of a set's training side, none of them a prompt, set the
line; its test images, at most 100 of a category, try it. A draw holds the promise where one such line in twenty or more flags as many of
its good test images by chance.

${markdown(HEADS, all)}
Set by set, with 19 good images:

${markdown(["set", ...HEADS], each)}`;
}

const HEADS = ["good images", "allowed", "draws", "promised", "false alarms", "promise held", "missed"];

function rowOf(tried: readonly Tried[], { n, alpha }: (typeof LINES)[number]): string[][] {
  const found = tried.flatMap(({ labels, draw }) => {
    const { calibration = [], scores } = draw;
    if (calibration.length < n) return [];
    return lineResult({ scores, calibration: calibration.slice(0, n) }, labels, alpha) ?? [];
  });
  if (found.length === 0) return [];
  const mean = (part: "falseAlarms" | "missed", of: "good" | "bad") => {
    const shares = found.filter((each) => each[of] > 0).map((each) => each[part] / each[of]);
    return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  };
  const held = found.filter((each) => each.held).length;
  return [
    [
      ...[String(n), percent(alpha), String(found.length)],
      ...[percent(falseAlarms(found[0].line).expected / 1000), percent(mean("falseAlarms", "good"))],
      ...[`${held} of ${found.length}`, percent(mean("missed", "bad"))],
    ],
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
