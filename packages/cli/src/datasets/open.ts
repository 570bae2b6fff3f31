import {
  type Category,
  type DataSet,
  type DatasetFormat,
  FORMATS,
  openDataSet,
  type Reading,
  readSetAs,
  type Skipped,
} from "@inctrl/datasets";
import { procedural } from "@inctrl/synth";
import { CliError } from "../errors.js";
import { hintOf } from "../hints.js";
import { listed } from "../ui/amounts.js";
import { warn } from "../ui/log.js";

/** Every format of data sets that the command takes. */
export const DATA_FORMATS: readonly DatasetFormat[] = [...FORMATS, procedural];

/** Opens a data set as it is named on the command line, to be read as the options say, and says what was left out or guessed. */
export async function openData(
  spec: string,
  { orientation, maxMegapixels }: { orientation?: Reading["orientation"]; maxMegapixels?: number } = {},
): Promise<DataSet> {
  const dataSet = await openDataSet(spec, DATA_FORMATS);
  warnOfEach(dataSet.notes ?? [], "notes");
  if (maxMegapixels === undefined) return dataSet;
  return readSetAs(dataSet, { ...(orientation && { orientation }), maxPixels: maxMegapixels * 1e6 });
}

/** Files and categories named one by one before "and 12 more". */
const LISTED = 20;

/** A file that could not be used, why, and the option that mends it; the reason may name it already. */
export function skippedText({ id, reason, code }: Skipped): string {
  const hint = code && hintOf("ImageError", code);
  return `${reason.includes(id) ? "" : `${id}: `}${reason}${hint ? `; ${hint}` : ""}`;
}

/** Warns of files that could not be used. */
export const warnOfFiles = (files: readonly Skipped[]): void => warnOfEach(files.map(skippedText), "files");

function warnOfEach(texts: readonly string[], noun: string): void {
  for (const text of listed(texts, LISTED, noun)) warn(text);
}

/** Refuses names of categories that the data does not have. Throws CliError `option`. */
export function requireCategories(option: string, wanted: readonly string[], known: readonly string[]): void {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const some = known.slice(0, LISTED).join(", ") + (known.length > LISTED ? ", ..." : "");
  throw new CliError("option", `${option}: there is no category "${unknown}"; choose from ${some}`);
}

/** The chosen categories, each called as `nameOf` says where it says so. */
export function chooseCategories(
  categories: readonly Category[],
  wanted: readonly string[] | undefined,
  nameOf: (category: string) => string | undefined,
): Category[] {
  requireCategories(
    "--category",
    wanted ?? [],
    categories.map(({ name }) => name),
  );
  return categories
    .filter(({ name }) => !wanted || wanted.includes(name))
    .map((category) => ({ ...category, className: nameOf(category.name) ?? category.className }));
}
