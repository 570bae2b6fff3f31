import { requireNetwork } from "@inctrl/baselines";
import { compareMethods, withoutPrompts } from "@inctrl/detect";
import type { BenchmarkOptions } from "../commands/benchmark.js";
import { adapterName, withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { openSets } from "./data.js";
import { parseEntries } from "./entries.js";
import { runFigure3 } from "./figure3.js";
import { runFigure4 } from "./figure4.js";
import { hasProblems, measureEntries } from "./measure.js";
import { paperEntries, paperTable } from "./paper.js";
import { comparisonText, saveComparison } from "./save.js";
import { requireFiles } from "./trained.js";

/** Measures methods on the same draws of data sets, prints the table and saves the comparison. Returns the exit code. */
export async function runBenchmark(options: BenchmarkOptions, signal: AbortSignal): Promise<number> {
  const { shots, seeds, out, paper, methods, images } = options;
  if (paper === "figure3") return runFigure3(options, signal);
  if (paper === "figure4") return runFigure4(options, signal);
  if (images)
    throw new CliError("option", "--images: these are of --paper figure3; name it, or leave them out");
  if (!methods && !paper) throw new CliError("option", "--methods: say what is compared, or give --paper");
  const entries = parseEntries(methods ?? (await paperEntries(paper!, options.ablations)), options);
  const sets = await openSets(options);
  await requireFiles(entries, sets);
  const table = paper && (await paperTable(paper, entries, sets));
  for (const { backbone } of entries) await requireNetwork(backbone);
  await using _ = await holdFolder(out);
  return await withDevice(options.device, async (device) => {
    const found = await measureEntries(device, entries, sets, options, signal);
    if (!found) return EXIT.interrupted;
    const rows = compareMethods(
      found.map(({ facts: { method }, entry, evaluations }) => {
        const alone = entry.method.zeroShot?.(entry.settings);
        return { method, evaluations: alone ? evaluations.map(withoutPrompts) : evaluations };
      }),
    );
    const title = sets.map(({ name }) => name).join(", ");
    const comparison = { title, rows, finished: found, sets, shots, seeds, ...table };
    await print(comparisonText(comparison));
    await saveComparison(out, comparison, adapterName(device.caps));
    return hasProblems(found, sets) ? EXIT.skipped : EXIT.ok;
  });
}
