import { readFile } from "node:fs/promises";
import { fileOf, fillBetween } from "../../bench/src/report/fill.js";

const CARD = fileOf("packages/clip/models/nano/README.md");

/** Writes the tables into nano's model card, between its marks. */
export const fillCard = (tables: string, path = CARD): Promise<void> =>
  fillBetween(
    ...([path, "<!-- measured: written by research/nano/main.ts -->", "<!-- /measured -->"] as const),
    `\n${tables}\n`,
  );

/** Writes the card's mean of the real sets at K = 4 into the README, between its marks. */
export async function fillReadme(): Promise<void> {
  const line = headline(await readFile(CARD, "utf8"));
  await fillBetween(
    fileOf("README.md"),
    "<!-- nano: written by research/nano/main.ts -->",
    "<!-- /nano -->",
    line,
  );
}

/** The line of the README, read from the first table of a card. */
export function headline(card: string): string {
  const rows = card.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  const heading = rows.find(([, name]) => name === "set");
  const mean = rows.find(([, name, shots]) => name?.startsWith("**mean of the real sets**") && shots === "4");
  const figure = (scoring: string) => mean?.[heading?.indexOf(scoring) ?? -1];
  return (
    `- **AUROC ${figure("nano")} with \`nano\`, ${figure("residual of DeiT-Tiny")} with DeiT-Tiny and no training**: four prompts, mean of ten real\n` +
    "  data sets (`npm run research -- research/nano/main.ts`, [nano's card](packages/clip/models/nano/README.md)).\n"
  );
}
