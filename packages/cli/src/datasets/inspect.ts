import { type DataSetReport, inspectDataSet } from "@inctrl/datasets";
import { EXIT } from "../errors.js";
import { print, printJson } from "../output/print.js";
import { openData } from "./formats.js";
import { reportText } from "./report.js";
import { withProgress } from "./work.js";

/** Prints what a data set holds. Returns exit code 2 when some of it could not be read. */
export async function inspectSet(
  spec: string,
  { json }: { json?: boolean },
  signal: AbortSignal,
): Promise<number> {
  const dataSet = await openData(spec);
  const report = await withProgress("reading", signal, (onProgress) =>
    inspectDataSet(dataSet, { onProgress, signal }),
  );
  if (json) await printJson(report);
  else await print(reportText(report));
  return isWhole(report) ? EXIT.ok : EXIT.skipped;
}

function isWhole({ categories, skipped }: DataSetReport): boolean {
  const read = categories.every(({ unreadable, masks }) => unreadable.length + masks.unreadable.length === 0);
  return read && skipped.length === 0;
}
