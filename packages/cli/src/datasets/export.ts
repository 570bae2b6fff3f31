import { count, exportDataSet } from "@inctrl/datasets";
import { EXIT } from "../errors.js";
import { print } from "../output/print.js";
import { openData } from "./formats.js";
import { warnOfFiles, withProgress } from "./work.js";

/** Writes a data set in MVTec AD's layout. Returns exit code 2 when some of it could not be read. */
export async function exportSet(spec: string, folder: string, signal: AbortSignal): Promise<number> {
  const dataSet = await openData(spec);
  warnOfFiles(dataSet.skipped);
  const { images, masks, unreadable } = await withProgress("writing", signal, (onProgress) =>
    exportDataSet(dataSet, folder, { onProgress, signal }),
  );
  warnOfFiles(unreadable);
  const categories = count(dataSet.categories.length, "category", "categories");
  await print(`${folder}: ${count(images, "image")} and ${count(masks, "mask")} of ${categories}\n`);
  return unreadable.length + dataSet.skipped.length > 0 ? EXIT.skipped : EXIT.ok;
}
