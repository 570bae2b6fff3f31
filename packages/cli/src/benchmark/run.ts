import { compareMethods, withoutPrompts } from "@inctrl/detect";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { openComparison } from "./chosen.js";
import { runFigure3 } from "./figure3.js";
import { runFigure4 } from "./figure4.js";
import { hasProblems, measureEntries } from "./measure.js";
import type { BenchmarkOptions } from "./options.js";
import { paperTable } from "./paper.js";
import { comparisonText, saveComparison } from "./save.js";

/** Measures methods on the same draws of data sets, prints the table and saves the comparison. Returns the exit code. */
export async function runBenchmark(options: BenchmarkOptions, signal: AbortSignal): Promise<number> {
  const { shots, seeds, out, paper } = options;
  if (paper === "figure3") return runFigure3(options, signal);
  if (paper === "figure4") return runFigure4(options, signal);
  const { entries, sets } = await openComparison({ ...options, paper });
  const table = paper && (await paperTable(paper, entries, sets));
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
    const comparison = { rows, finished: found, sets, shots, seeds, ...table };
    await print(comparisonText(comparison));
    await saveComparison(out, comparison, adapterName(device.caps));
    return hasProblems(found, sets) ? EXIT.skipped : EXIT.ok;
  });
}
