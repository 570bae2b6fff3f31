import { createHash } from "node:crypto";
import type { Run, RunFacts } from "@inctrl/cluster";
import { z } from "zod";
import type { TableSettings } from "../benchmark/chosen.js";
import type { NamedSet } from "../benchmark/data.js";
import type { Entry } from "../benchmark/entries.js";
import { BENCHMARK, type BenchmarkSettings } from "../benchmark/options.js";
import { CliError } from "../errors.js";
import { trainedFacts } from "../methods.js";
import { version } from "../version.js";

/** Options that decide a benchmark's figures, and so belong to its run. */
const OF_RUN = [
  ...(["data", "category", "limit", "orientation", "maxMegapixels", "methods", "paper"] as const),
  ...(["ablations", "shots", "seeds", "fit", "backbone", "modelConfig", "vocabulary", "heads"] as const),
] as const;

/** What the rows of a benchmark are made by: each row's draws name the networks and their weights. */
export const DRAWS = "draws";

/** A benchmark that is a table. @throws CliError `option` for the figures, which one process draws. */
export function tableOf(settings: BenchmarkSettings): TableSettings {
  const { paper } = settings;
  if (paper !== "figure3" && paper !== "figure4") return { ...settings, paper };
  throw new CliError("option", `--paper ${paper}: one process draws it; leave --run out, and give --out`);
}

/** What `run.json` says of a benchmark. */
export async function benchmarkFacts(settings: TableSettings, entries: readonly Entry[]): Promise<RunFacts> {
  const sums: (string | null)[] = [];
  for (const entry of entries)
    for (const file of [entry.file, ...Object.values(entry.files)])
      sums.push((await trainedFacts({ ...entry, file }))?.sha256 ?? null);
  const { window } = settings;
  const chosen = OF_RUN.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]);
  const benchmark = {
    ...Object.fromEntries(chosen),
    window: typeof window === "string" ? window : window.join(":"),
  };
  return {
    ...{ version: version(), model: DRAWS, bank: DRAWS, calibration: null, options: { benchmark } },
    heads: sums.some(Boolean) ? createHash("sha256").update(JSON.stringify(sums)).digest("hex") : null,
  };
}

/** The settings of a benchmark's run, as it was submitted. */
export function settingsOf(run: Run): TableSettings {
  const schemas = Object.entries(BENCHMARK).map(([name, { schema }]) => [name, schema]);
  return tableOf(z.object(Object.fromEntries(schemas)).parse(run.options.benchmark) as BenchmarkSettings);
}

/** A category by what its row calls it: a data set with this category alone. */
export function jobsOf(sets: readonly NamedSet[]): Map<string, NamedSet> {
  return new Map(
    sets.flatMap((set) =>
      set.categories.map((category) => [`${set.name}: ${category.name}`, { ...set, categories: [category] }]),
    ),
  );
}
