import type { DataSet } from "@inctrl/datasets";
import { CliError } from "../errors.js";

/** Names that an error lists before "...". */
const LISTED = 20;

/** Refuses names of categories that the data does not have. Throws CliError `option`. */
export function requireCategories(option: string, wanted: readonly string[], known: readonly string[]): void {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const some = known.slice(0, LISTED).join(", ") + (known.length > LISTED ? ", ..." : "");
  throw new CliError("option", `${option}: there is no category "${unknown}"; choose from ${some}`);
}

/** The data set with the chosen categories only, each called `className` where that is given. */
export function chooseCategories(
  dataSet: DataSet,
  wanted: readonly string[] | undefined,
  className: string | undefined,
): DataSet {
  requireCategories(
    "--category",
    wanted ?? [],
    dataSet.categories.map(({ name }) => name),
  );
  const categories = dataSet.categories
    .filter(({ name }) => !wanted || wanted.includes(name))
    .map((category) => ({ ...category, className: className ?? category.className }));
  return { ...dataSet, categories };
}
