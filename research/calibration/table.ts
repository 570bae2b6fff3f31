import { permutation } from "@inctrl/datasets";
import { auroc, type Draw, falseAlarms, type LineResult, lineResult, meanOf } from "@inctrl/detect";
import { markdown } from "../report.js";

/** A draw of prompts with the scores of good images, and what the test images are. */
export interface Tried {
  readonly set: string;
  readonly category: string;
  readonly labels: readonly (0 | 1)[];
  readonly draw: Pick<Draw, "calibration" | "scores">;
}

/** What the scores were made with. */
export interface CalibrationFacts {
  readonly network: string;
  /** Draws of prompts for each category. */
  readonly seeds: number;
  /** Commit, date and machine, a sentence. */
  readonly made: string;
}

/** Good images that set a line, and the share of false alarms that it allows. */
interface Asked {
  readonly n: number;
  readonly alpha: number;
}

const LINES: readonly Asked[] = [
  ...[9, 19, 49, 99].map((n) => ({ n, alpha: 0.1 })),
  ...[19, 99].map((n) => ({ n, alpha: 0.05 })),
  ...[99, 198].map((n) => ({ n, alpha: 0.01 })),
];
const SMALL: Asked = { n: 9, alpha: 0.1 };

/** Lines of each draw of prompts. */
const REPEATS = 50;

/** The scores of a draw's good images by side, and of its bad ones. */
export function sidesOf({ labels, draw }: Tried) {
  const of = (wanted: 0 | 1) =>
    draw.scores.filter((score, i): score is number => score !== null && labels[i] === wanted);
  return { training: draw.calibration ?? [], good: of(0), bad: of(1) };
}

/**
 * Lines of a draw, each set by n good images drawn at random: of the training side, tried on the test side, or of both sides mixed, tried
 * on as many of the rest. None where the training side has fewer than n.
 */
export function trialsOf(tried: Tried, { n, alpha }: Asked, { mixed = false } = {}): LineResult[] {
  const { training, good, bad } = sidesOf(tried);
  if (training.length < n || good.length === 0) return [];
  const pool = mixed ? [...training, ...good] : training;
  return Array.from({ length: REPEATS }, (_, seed) => {
    const order = permutation(pool.length, seed).map((i) => pool[i]);
    const tested = mixed ? order.slice(n, n + good.length) : good;
    const labels = [...tested.map(() => 0 as const), ...bad.map(() => 1 as const)];
    const scores = [...tested, ...bad];
    return lineResult({ calibration: order.slice(0, n), scores }, labels, alpha);
  }).filter((result) => result !== null);
}

/** Every line over all sets, and then one line for each category, with how far its two sides differ. */
export function tableOf(tried: readonly Tried[], { network, seeds, made }: CalibrationFacts): string {
  const all = LINES.flatMap((line) =>
    rowOf(tried, line).map((cells) => [...linesCells(line, tried), ...cells]),
  );
  const keys = [...new Set(tried.map(({ set, category }) => JSON.stringify([set, category])))];
  const each = keys.flatMap((key) => {
    const own = tried.filter(({ set, category }) => JSON.stringify([set, category]) === key);
    return rowOf(own, SMALL).map((cells) => [...JSON.parse(key), ...cells, ...differenceOf(own)]);
  });
  return `# Whether calibrated lines keep their promise

${network}, patch residual, K = 4, one symmetry, ${seeds} draws of prompts for each category. ${made}

Each draw of prompts sets ${REPEATS} lines, each with n good images that are no prompts. **As split**: images of the set's training side set the line,
and the good images of its test side, at most 100, try it. **Mixed**: the good images of both sides are shuffled; n set the line, and as many
as before try it. "Held" is the share of lines that flag no more good images than one such line in twenty does by chance (beta-binomial
distribution): it should be 95% or more. "Missed" is the share of bad images below the line, which nothing is promised of.

${markdown(["good images", "allowed", "categories", "promised", ...HEADS], all)}
Category by category, with ${SMALL.n} good images and ${100 * SMALL.alpha}% allowed. "Test above training" is how often a good image of the test side scores higher
than one of the training side, the mean over the draws; where the two sides are alike it lies in the last column's range in 19 of 20 cases.

${markdown(["set", "category", ...HEADS, "test above training", "by chance"], each)}`;
}

const HEADS = [
  ...["false alarms, as split", "held, as split", "missed"],
  ...["false alarms, mixed", "held, mixed"],
];

function linesCells({ n, alpha }: Asked, tried: readonly Tried[]): string[] {
  const rank = Math.max(1, Math.floor(alpha * (n + 1) + 1e-9));
  const able = tried.filter((one) => trialsOf(one, { n, alpha }).length > 0);
  const categories = new Set(able.map(({ set, category }) => JSON.stringify([set, category]))).size;
  return [String(n), percent(alpha), String(categories), percent(falseAlarms({ n, rank }).expected / 1000)];
}

/** One row, or none where no draw has enough good images. */
function rowOf(tried: readonly Tried[], line: Asked): string[][] {
  const split = tried.flatMap((one) => trialsOf(one, line));
  const mixed = tried.flatMap((one) => trialsOf(one, line, { mixed: true }));
  if (split.length === 0) return [];
  const alarms = (found: readonly LineResult[]) =>
    percent(meanOf(found.map((each) => each.falseAlarms / each.good)));
  const held = (found: readonly LineResult[]) => percent(meanOf(found.map((each) => Number(each.held))));
  const missed = split.filter(({ bad }) => bad > 0).map((each) => each.missed / each.bad);
  return [
    [
      alarms(split),
      held(split),
      missed.length > 0 ? percent(meanOf(missed)) : "",
      alarms(mixed),
      held(mixed),
    ],
  ];
}

/** How often good test images score above good training images, and the range of this where the sides are alike (Mann and Whitney). */
function differenceOf(tried: readonly Tried[]): string[] {
  const sides = tried.map(sidesOf);
  const above = sides.map(
    ({ training, good }) =>
      auroc([...training.map(() => 0), ...good.map(() => 1)], [...training, ...good]) ?? Number.NaN,
  );
  const [{ training, good }] = sides;
  const reach = 1.96 * Math.sqrt((training.length + good.length + 1) / (12 * training.length * good.length));
  return [meanOf(above).toFixed(2), `${(0.5 - reach).toFixed(2)} to ${(0.5 + reach).toFixed(2)}`];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
