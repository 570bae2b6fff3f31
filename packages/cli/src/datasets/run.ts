import { count, type DataSetReport, exportDataSet, inspectDataSet } from "@inctrl/datasets";
import { EXIT } from "../errors.js";
import { print, printResult } from "../output/print.js";
import { withProgress } from "../ui/progress.js";
import { DATA_FORMATS, openData, warnOfFiles } from "./open.js";
import { reportText } from "./report.js";

const INDENT = " ".repeat(16);

/** Prints every format of data sets: its name, its title, its layout and its options. */
export async function listFormats({ json }: { json?: boolean }): Promise<number> {
  const forms = DATA_FORMATS.map(({ name, title, argument, layout, options = {} }) => {
    return { name, title, argument, layout, options };
  });
  const blocks = forms.map(({ name, title, argument, layout, options }) => {
    const lines = [`${name}:${argument}`.padEnd(16) + title, `${INDENT}${layout}`];
    for (const [option, meaning] of Object.entries(options)) lines.push(`${INDENT}?${option}=  ${meaning}`);
    return lines.map((line) => `  ${line}\n`).join("");
  });
  const text = `Data sets, in the layout each is downloaded in:\n\n${blocks.join("\n")}`;
  await printResult(json, { forms }, text);
  return EXIT.ok;
}

/** Prints what a data set holds. Returns exit code 2 when some of it could not be read. */
export async function inspectSet(
  spec: string,
  { json }: { json?: boolean },
  signal: AbortSignal,
): Promise<number> {
  const dataSet = await openData(spec);
  const report = await withProgress({ verb: "reading", signal }, (onProgress) =>
    inspectDataSet(dataSet, { onProgress, signal }),
  );
  await printResult(json, report, reportText(report));
  return isWhole(report) ? EXIT.ok : EXIT.skipped;
}

function isWhole({ categories, skipped }: DataSetReport): boolean {
  const read = categories.every(({ unreadable, masks }) => unreadable.length + masks.unreadable.length === 0);
  return read && skipped.length === 0;
}

/** Writes a data set in MVTec AD's layout. Returns exit code 2 when some of it could not be read. */
export async function exportSet(spec: string, folder: string, signal: AbortSignal): Promise<number> {
  const dataSet = await openData(spec);
  warnOfFiles(dataSet.skipped);
  const { images, masks, unreadable } = await withProgress({ verb: "writing", signal }, (onProgress) =>
    exportDataSet(dataSet, folder, { onProgress, signal }),
  );
  warnOfFiles(unreadable);
  const categories = count(dataSet.categories.length, "category", "categories");
  await print(`${folder}: ${count(images, "image")} and ${count(masks, "mask")} of ${categories}\n`);
  return unreadable.length + dataSet.skipped.length > 0 ? EXIT.skipped : EXIT.ok;
}
