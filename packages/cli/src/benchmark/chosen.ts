import { requireNetwork } from "@inctrl/baselines";
import { CliError } from "../errors.js";
import { type NamedSet, openSets } from "./data.js";
import { type Entry, parseEntries } from "./entries.js";
import type { BenchmarkSettings } from "./options.js";
import { type PaperTable, paperEntries } from "./paper.js";
import { requireFiles } from "./trained.js";

/** Settings of a comparison that is a table. */
export type TableSettings = BenchmarkSettings & { readonly paper?: PaperTable };

/** What a table compares, and on what; trained files and networks are there. */
export async function openComparison(
  options: TableSettings,
): Promise<{ entries: readonly Entry[]; sets: readonly NamedSet[] }> {
  const { paper, methods, images, ablations } = options;
  if (images)
    throw new CliError("option", "--images: these are of --paper figure3; name it, or leave them out");
  if (!methods && !paper) throw new CliError("option", "--methods: say what is compared, or give --paper");
  const entries = parseEntries(methods ?? (await paperEntries(paper as PaperTable, ablations)), options);
  const sets = await openSets(options);
  await requireFiles(entries, sets);
  for (const { backbone } of entries) await requireNetwork(backbone);
  return { entries, sets };
}
