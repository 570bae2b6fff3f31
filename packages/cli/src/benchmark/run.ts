import { requireNetwork } from "@inctrl/baselines";
import { compareMethods } from "@inctrl/detect";
import type { BenchmarkOptions } from "../commands/benchmark.js";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { loadBackbone } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { info, warn } from "../ui/log.js";
import { openSets } from "./data.js";
import { type Entry, parseEntries } from "./entries.js";
import { type Measured, measureBackbone } from "./measure.js";
import { comparisonText, saveComparison } from "./save.js";

/** Measures methods on the same draws of data sets, prints the table and saves the comparison. Returns the exit code. */
export async function runBenchmark(options: BenchmarkOptions, signal: AbortSignal): Promise<number> {
  const { shots, seeds, out } = options;
  const entries = parseEntries(options.methods, options);
  const sets = await openSets(options);
  const backbones = [...new Set(entries.map(({ backbone }) => backbone))];
  for (const backbone of backbones) await requireNetwork(backbone);
  await using _ = await holdFolder(out);
  return await withDevice(options.device, async (device) => {
    const measured = new Map<Entry, Measured>();
    for (const name of backbones) {
      using backbone = await loadBackbone(device, { ...options, backbone: name }, warn);
      stopIfAborted(signal);
      const own = entries.filter((entry) => entry.backbone === name);
      const found = await measureBackbone(backbone, own, sets, options, signal);
      for (const [entry, each] of found) measured.set(entry, each);
      if (signal.aborted) break;
    }
    const found = entries.flatMap((entry) => measured.get(entry) ?? []);
    const done = ({ evaluations }: Measured) =>
      evaluations.length === sets.length && evaluations.every(({ complete }) => complete);
    if (found.length < entries.length || !found.every(done)) {
      info("stopped; the same command goes on from there");
      return EXIT.interrupted;
    }
    const rows = compareMethods(found.map(({ facts: { method }, evaluations }) => ({ method, evaluations })));
    const title = sets.map(({ name }) => name).join(", ");
    const comparison = { title, rows, measured: found, sets, shots, seeds };
    await print(comparisonText(comparison));
    await saveComparison(out, comparison, adapterName(device.caps));
    const problem = found.some(({ evaluations }) =>
      evaluations.some(({ categories }) =>
        categories.some(({ problem, skipped }) => problem || skipped.length > 0),
      ),
    );
    return problem || sets.some(({ skipped }) => skipped.length > 0) ? EXIT.skipped : EXIT.ok;
  });
}
