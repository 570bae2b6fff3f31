import { fileURLToPath } from "node:url";
import { fillBetween } from "../../bench/src/report/fill.js";
import { SHOTS } from "./data.js";
import { criterion, meanOf, type Row } from "./measure.js";
import { chosenOf, type Facts, meansOf, summaryOf } from "./table.js";

const PAGE = fileURLToPath(new URL("../../docs/training.md", import.meta.url));
const MARKS = [
  "<!-- generalisation: written by research/generalisation/run.ts --docs -->",
  "<!-- /generalisation -->",
] as const;
/** The summary shows the chosen setting, scores without heads, and each form with and without negatives. */
const PLAIN = "s_p alone";
const FORMS = ["paper", "sorted", "monotone"];
const trained = (form: string) => [`${form}, probability, all`, `${form}, probability, all, negatives`];
const SHOWN = [PLAIN, "mean of the 3 largest", "mean of the 10 largest", ...FORMS.flatMap(trained)];

/** Writes the summary into the page on training, between its marks. */
export const fillPage = (rows: readonly Row[], facts: Facts, path = PAGE): Promise<void> =>
  fillBetween(path, ...MARKS, `\n${summaryWithGains(rows, facts)}\n`);

export function summaryWithGains(rows: readonly Row[], facts: Facts): string {
  const chosen = chosenOf(rows);
  const plain = rows.find(({ name }) => name === PLAIN);
  if (!chosen || !plain) return "";
  const shown = rows.filter((row) => row === chosen || SHOWN.includes(row.name));
  const gains = (row: Row) =>
    SHOTS.map((k) => signed(meanOf(meansOf(row, k)) - meanOf(meansOf(plain, k)))).join(", ");
  const lines = FORMS.flatMap((form) => {
    const [plainHeads, withNegatives] = trained(form).map((name) => rows.find((row) => row.name === name));
    return plainHeads && withNegatives
      ? [`- \`${form}\`: ${gains(plainHeads)}; with cross-category negatives ${gains(withNegatives)}`]
      : [];
  });
  return `${summaryOf(rows, shown)}
What each form gains over s_p alone on the test sets, at K = ${SHOTS.join(", ")}:

${lines.join("\n")}

The held-out categories choose "${chosen.name}": its criterion is ${criterion(chosen.heldOut).toFixed(3)}, that of s_p alone
${criterion(plain.heldOut).toFixed(3)}. On the test sets it gains ${gains(chosen)}. (${facts.date}, commit ${facts.commit}.)
`;
}

const signed = (value: number): string => (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3);
