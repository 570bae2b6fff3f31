import { CliError } from "../errors.js";
import { trainedFacts } from "../methods.js";
import type { NamedSet } from "./data.js";
import type { Entry } from "./entries.js";

/** What was trained for an entry, for the data set of this name. */
export const fileFor = ({ file, files }: Entry, dataSet: string): string | null => files[dataSet] ?? file;

/** Refuses trained files that cannot be read, or that are for data sets that there are not, before the work begins. */
export async function requireFiles(entries: readonly Entry[], sets: readonly NamedSet[]): Promise<void> {
  const names = sets.map(({ name }) => name);
  for (const entry of entries) {
    for (const file of [entry.file, ...Object.values(entry.files)]) await trainedFacts({ ...entry, file });
    const unknown = Object.keys(entry.files).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new CliError(
        "option",
        `--methods ${entry.label}: heads.${unknown} is of no data set; there are ${names.join(", ")}`,
      );
  }
}
