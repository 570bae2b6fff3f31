import { count } from "@inctrl/datasets";
import { falseAlarms, type Line, partsToHalve } from "./conformal.js";

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))}%`;

/**
 * What a line promises, in sentences.
 *
 * @example
 * promiseText(lineOf(scores, 0.01))[0];
 * // "Of 1000 good parts like these 199, about 10 will be flagged; with 95% confidence fewer than 24."
 */
export function promiseText(line: Line): string[] {
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
