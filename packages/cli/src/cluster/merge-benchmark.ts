import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClusterError, isS3, mergeRows, type Run, type Store } from "@inctrl/cluster";
import { writeFileAtomic } from "@inctrl/datasets";
import { joinDraws } from "@inctrl/detect";
import { onDisk } from "@inctrl/tensor/files";
import { openComparison } from "../benchmark/chosen.js";
import { storePath } from "../benchmark/measure.js";
import { runBenchmark } from "../benchmark/run.js";
import { CliError } from "../errors.js";
import { holdFolder } from "../output/folder.js";
import type { CategoryRow } from "./measurer.js";
import type { MergeOptions } from "./options.js";
import { jobsOf, settingsOf } from "./table-run.js";

/**
 * Makes the tables of a benchmark's run: joins the draws of its categories, and ends the benchmark as one that was stopped after its
 * last draw. Returns the exit code.
 */
export async function mergeBenchmark(
  store: Store,
  run: Run,
  options: MergeOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.out === undefined && isS3(store.where))
    throw new CliError("option", "the tables of a benchmark are files of this machine; add --out FOLDER");
  const settings = {
    ...settingsOf(run),
    device: options.device,
    out: options.out ?? join(store.where, "tables"),
  };
  const { entries, sets } = await openComparison(settings);
  const jobs = jobsOf(sets);
  const rows = new Map<string, CategoryRow["draws"]>();
  await mergeRows(store, run, {
    line: (text) => {
      const { image, draws } = JSON.parse(text) as CategoryRow;
      rows.set(image, draws);
    },
    failure({ image, error }) {
      throw new ClusterError("run", `${image} was given up: ${error}; submit another run without it`);
    },
  });
  {
    await using _ = await holdFolder(settings.out);
    for (const { name } of sets) {
      const own = [...jobs].filter(([, set]) => set.name === name).map(([image]) => image);
      for (const entry of entries) {
        const stores = own.map((image) => ({
          name: `${store.where}, ${image}, ${entry.label}`,
          text: rows.get(image)?.[entry.fileName] ?? "",
        }));
        const path = storePath(settings.out, name, entry);
        await mkdir(onDisk(dirname(path)), { recursive: true });
        await writeFileAtomic(path, joinDraws(stores));
      }
    }
  }
  return await runBenchmark(settings, signal);
}
