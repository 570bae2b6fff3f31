import { fillBetween, README } from "../src/report/readme.js";
import { SHOTS } from "./data.js";
import { criterion, meanOf, type Row } from "./measure.js";
import { chosenOf, type Facts, meansOf, summaryOf } from "./table.js";

const MARKS = ["<!-- study: written by bench/study/run.ts --readme -->", "<!-- /study -->"] as const;
/** Settings that the README shows beside the one that was chosen: no heads, and each form. */
const PLAIN = "s_p alone";
const FORMS = ["paper", "sorted", "monotone"];
const trained = (form: string) => [`${form}, probability, all`, `${form}, probability, all, strangers`];
const SHOWN = [PLAIN, "mean of the 3 largest", "mean of the 10 largest", ...FORMS.flatMap(trained)];

/** Puts the chief rows of the study into the README, between its marks, and says what they show. */
export const fillStudy = (rows: readonly Row[], facts: Facts, path = README): Promise<void> =>
  fillBetween(path, ...MARKS, `\n${studySummary(rows, facts)}\n`);

export function studySummary(rows: readonly Row[], facts: Facts): string {
  const chosen = chosenOf(rows);
  const plain = rows.find(({ name }) => name === PLAIN);
  if (!chosen || !plain) return "";
  const shown = rows.filter((row) => row === chosen || SHOWN.includes(row.name));
  const gains = (row: Row) =>
    SHOTS.map((k) => signed(meanOf(meansOf(row, k)) - meanOf(meansOf(plain, k)))).join(", ");
  const lines = FORMS.flatMap((form) => {
    const [alone, strange] = trained(form).map((name) => rows.find((row) => row.name === name));
    return alone && strange ? [`- \`${form}\`: ${gains(alone)}; with strangers ${gains(strange)}`] : [];
  });
  return `${summaryOf(rows, shown)}
What each form gains over s_p alone on the test sets, at K = ${SHOTS.join(", ")}:

${lines.join("\n")}

Best on categories held out, and so chosen, is "${chosen.name}", with ${criterion(chosen.heldOut).toFixed(3)} there against
${criterion(plain.heldOut).toFixed(3)} of s_p alone; on the test sets it gains ${gains(chosen)}. (${facts.date}, commit ${facts.commit}.)
`;
}

const signed = (value: number): string => (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3);
