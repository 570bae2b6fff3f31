import { fillBetween, README } from "../src/report/readme.js";
import { SHOTS } from "./data.js";
import { criterion, meanOf, type Row } from "./measure.js";
import { chosenOf, type Facts, meansOf, summaryOf } from "./table.js";

const MARKS = ["<!-- study: written by bench/study/run.ts --readme -->", "<!-- /study -->"] as const;
/** Settings that the README shows beside the one that was chosen. */
const SHOWN = [
  "s_p alone",
  "mean of the 3 largest",
  "mean of the 10 largest",
  "paper, probability, all",
  "paper, probability, all, strangers",
  "sorted, probability, all",
  "sorted, probability, all, strangers",
  "monotone, probability, all",
  "monotone, probability, all, strangers",
];

/** Puts the chief rows of the study into the README, between its marks, and says what they show. */
export const fillStudy = (rows: readonly Row[], facts: Facts, path = README): Promise<void> =>
  fillBetween(path, ...MARKS, `\n${studySummary(rows, facts)}\n`);

export function studySummary(rows: readonly Row[], facts: Facts): string {
  const chosen = chosenOf(rows);
  const plain = rows.find(({ name }) => name === "s_p alone");
  if (!chosen || !plain) return "";
  const shown = rows.filter((row) => row === chosen || SHOWN.includes(row.name));
  const three = (value: number) => value.toFixed(3);
  const against = SHOTS.map((k) => {
    const [own, residual] = [meansOf(chosen, k), meansOf(plain, k)].map(meanOf) as [number, number];
    return `${three(own)} against ${three(residual)} at K = ${k}`;
  });
  return `${summaryOf(rows, shown)}
Best on categories held out, and so chosen, is "${chosen.name}": ${three(criterion(chosen.heldOut))} there against
${three(criterion(plain.heldOut))} of s_p alone. On the four test sets it has ${against.join(", ")}.
(${facts.date}, commit ${facts.commit}.)
`;
}
