import { count } from "@inctrl/datasets";
import { clopperPearson } from "./beta.js";
import { falseAlarms, type Line, partsToHalve } from "./conformal.js";

/** How many bad parts a line was tried on, and how many of them it flags. */
export interface Tried {
  readonly found: number;
  readonly of: number;
}

/** Whether a line misses half of the bad parts that it was tried on, or more. */
export const missesMany = ({ found, of }: Tried): boolean => 2 * found <= of;

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))}%`;

/**
 * What is known of how many bad parts a line finds, in a sentence.
 *
 * @param tried null where no bad part was.
 * @example
 * findsText({ found: 0, of: 6 }); // "Of 6 bad parts 0 were flagged: this line does not find them, and its OK says nothing."
 */
export function findsText(tried: Tried | null): string {
  if (!tried)
    return "How many bad parts it finds is not known, since none was tried: OK says that a part is like the good ones, not that it is good.";
  const { found, of } = tried;
  const flagged = `Of ${count(of, "bad part")} ${found} ${found === 1 ? "was" : "were"} flagged`;
  if (found === 0) return `${flagged}: this line does not find them, and its OK says nothing.`;
  const { low, high } = clopperPearson(found, of);
  const share = `with 95% confidence it finds ${percent(low)} to ${percent(high)} of such parts`;
  return missesMany(tried)
    ? `${flagged}: this line misses too many, and its OK says little; ${share}.`
    : `${flagged}; ${share}.`;
}

/** Why an OK of a line is not to be relied on, in a few words; null where its promise holds and nothing else is known of it. */
export function doubtText({ status, n }: Pick<Line, "status" | "n">, tried: Tried | null): string | null {
  if (status === "hint")
    return `the line is a hint, which stands on ${count(n, "prompt")} alone: OK is no promise`;
  if (tried && missesMany(tried))
    return `of ${count(tried.of, "bad part")} this line found ${tried.found}: OK is no promise`;
  if (status === "provisional")
    return `the line is provisional, since it stands on ${count(n, "good part")} alone: OK is no promise`;
  return null;
}

/**
 * What a line promises, in sentences, and last what is known of how many bad parts it finds.
 *
 * @example
 * promiseText(lineOf(scores, 0.01))[0];
 * // "Of 1000 good parts like these 199, about 10 will be flagged; with 95% confidence fewer than 24."
 */
export const promiseText = (line: Line, tried: Tried | null = null): string[] => [
  ...goodText(line),
  findsText(tried),
];

function goodText(line: Line): string[] {
  const { alpha, n, status } = line;
  const { expected, most } = falseAlarms(line);
  const about = Math.round(expected);
  const flagged =
    most >= 999.5 ? "how many more is not known" : `with 95% confidence fewer than ${Math.ceil(most)}`;
  const these = n === 1 ? "this one" : `these ${n}`;
  const first = `Of 1000 good parts like ${these}, about ${about} will be flagged; ${flagged}.`;
  if (status !== "calibrated") {
    const missing = Math.ceil(1 / alpha - 1e-9) - 1 - n;
    const why =
      status === "hint"
        ? `The line is a hint: it stands on the ${count(n, "prompt")} alone, each left out in turn, which allow ${percent(1 / (n + 1))} at best.`
        : `The line is provisional: ${count(n, "good part")} ${n === 1 ? "allows" : "allow"} no less than ${percent(1 / (n + 1))} of false alarms, and the largest of their scores is the line.`;
    const more =
      missing > 0
        ? [`${count(missing, "more good part")} ${missing === 1 ? "allows" : "allow"} ${percent(alpha)}.`]
        : [];
    return [first, why, ...more];
  }
  const halve = partsToHalve(line);
  return [first, `${count(halve, "more good part")} would halve how far that may lie above ${about}.`];
}
