import { oneLine } from "@inctrl/datasets";
import { lineRows } from "../evaluation/line.js";
import type { Evaluation } from "../evaluation/types.js";

const percent = (share: number | null): string => (share === null ? "-" : `${(100 * share).toFixed(1)}%`);

/** What calibrated lines do to the test images, as rows of text with the heading first; empty where no line was asked for. */
export function lineTable(evaluation: Evaluation): string[][] {
  const rows = lineRows(evaluation).map(
    ({ category, shots, n, expected, falseAlarms, missed, held, draws }) => [
      ...[oneLine(category), String(shots), String(n), percent(expected), percent(falseAlarms)],
      ...[percent(missed), `${held} of ${draws}`],
    ],
  );
  const heading = ["category", "K", "good images", "promised", "false alarms", "missed", "promise held"];
  return rows.length > 0 ? [heading, ...rows] : [];
}

/** What the table tells, in sentences. */
export const lineNote = ({ line }: Evaluation): string =>
  `Each draw sets a line with up to ${line?.images} good training images that are no prompts, for ${percent(line?.alpha ?? 0)} of false alarms. The promise ` +
  "is held where one such line in twenty or more has as many false alarms on this many good images.";
