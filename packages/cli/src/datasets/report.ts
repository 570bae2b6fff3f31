import {
  type CategoryReport,
  count,
  type DataSetReport,
  type Duplicates,
  type MaskReport,
  oneLine,
  type SizeCount,
  type Skipped,
} from "@inctrl/datasets";
import { listed } from "../ui/amounts.js";
import { skippedText } from "./open.js";

/** Entries that are listed before "and 12 more". */
const LISTED = 8;

/** A report as text: a block for each category, a line for each thing that is worth a look. */
export function reportText({ name, categories, skipped }: DataSetReport): string {
  const head = `${oneLine(name)}: ${count(categories.length, "category", "categories")}`;
  const left = files("left out", skipped).map((text) => `${oneLineKeepingIndent(text)}\n`);
  return [`${head}\n`, ...left, ...categories.map(categoryText)].join("");
}

function categoryText(report: CategoryReport): string {
  const { name, className, train, test, anomalies, sizes, duplicates, unreadable, masks } = report;
  const kinds = Object.entries(anomalies).map(([kind, n]) => `${kind} ${n}`);
  const anomalous = train.anomalous + test.anomalous;
  const rows: [string, string][] = [
    ["train", counts(train)],
    ["test", counts(test)],
    ["anomalies", kinds.join(", ")],
    ["images", sizesText(sizes)],
    ["masks", masksText(masks, anomalous)],
    ["duplicates", duplicatesText(duplicates)],
  ];
  const lines = [
    className === name ? name : `${name} (${className})`,
    ...rows.filter(([, text]) => text !== "").map(([title, text]) => `  ${title.padEnd(12)}${text}`),
    ...files("unreadable", unreadable),
    ...files("unreadable masks", masks.unreadable),
    ...(masks.inverted ? [`  ${masks.inverted}`] : []),
    ...names("without a mask", masks.missing),
    ...names("masks that mark nothing", masks.empty),
    ...names(
      "the same picture",
      duplicates.groups.map((group) => listed(group, 3).join(" = ")),
    ),
  ];
  return `\n${lines.map(oneLineKeepingIndent).join("\n")}\n`;
}

function masksText({ present, scaled }: MaskReport, anomalous: number): string {
  if (present === 0) return "none";
  return `${present} of ${anomalous} anomalous images${scaled > 0 ? `, ${scaled} scaled to their image` : ""}`;
}

function counts({ normal, anomalous }: { normal: number; anomalous: number }): string {
  return anomalous > 0 ? `${normal} normal, ${anomalous} anomalous` : `${normal} normal`;
}

function sizesText(sizes: readonly SizeCount[]): string {
  const texts = sizes.map(
    ({ width, height, mode, count }) =>
      `${width} x ${height} ${mode}${sizes.length > 1 ? ` (${count})` : ""}`,
  );
  return listed(texts, LISTED).join(", ");
}

function duplicatesText({ train, test, between, contradictory }: Duplicates): string {
  if (train + test + between === 0) return "none";
  const parts = [`${train} within train`, `${test} within test`, `${between} of test also in train`];
  if (contradictory > 0) parts.push(`${contradictory} both normal and anomalous`);
  return parts.join(", ");
}

function files(title: string, entries: readonly Skipped[]): string[] {
  return names(title, entries.map(skippedText));
}

function names(title: string, entries: readonly string[]): string[] {
  if (entries.length === 0) return [];
  return [`  ${title} (${entries.length}):`, ...listed(entries, LISTED).map((text) => `    ${text}`)];
}

/** File names may hold line breaks and other control characters. */
function oneLineKeepingIndent(line: string): string {
  return " ".repeat(line.length - line.trimStart().length) + oneLine(line);
}
