import { requireNetwork } from "@inctrl/baselines";
import { compareMethods, withoutPrompts } from "@inctrl/detect";
import type { BenchmarkOptions } from "../commands/benchmark.js";
import { adapterName, withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { loadBackbone } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { info, warn } from "../ui/log.js";
import { type NamedSet, openSets } from "./data.js";
import { type Entry, parseEntries } from "./entries.js";
import { runFigure3 } from "./figure3.js";
import { type Finished, type Measured, measureBackbone } from "./measure.js";
import { paperEntries, paperTable } from "./paper.js";
import { comparisonText, saveComparison } from "./save.js";
import { requireFiles } from "./trained.js";

/** Measures methods on the same draws of data sets, prints the table and saves the comparison. Returns the exit code. */
export async function runBenchmark(options: BenchmarkOptions, signal: AbortSignal): Promise<number> {
  const { shots, seeds, out, paper, methods, images } = options;
  if (paper === "figure3") return runFigure3(options, signal);
  if (images)
    throw new CliError("option", "--images: these are of --paper figure3; name it, or leave them out");
  if (!methods && !paper) throw new CliError("option", "--methods: say what is compared, or give --paper");
  const entries = parseEntries(methods ?? (await paperEntries(paper!, options.ablations)), options);
  const sets = await openSets(options);
  await requireFiles(entries, sets);
  const table = paper && (await paperTable(paper, entries, sets));
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
    const found = entries.flatMap((entry) => finished(entry, measured.get(entry), sets) ?? []);
    if (found.length < entries.length) {
      info("stopped; the same command goes on from there");
      return EXIT.interrupted;
    }
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
    const problem = found.some(({ evaluations }) =>
      evaluations.some(({ categories }) =>
        categories.some(({ problem, skipped }) => problem || skipped.length > 0),
      ),
    );
    return problem || sets.some(({ skipped }) => skipped.length > 0) ? EXIT.skipped : EXIT.ok;
  });
}

function finished(
  entry: Entry,
  measured: Measured | undefined,
  sets: readonly NamedSet[],
): Finished | undefined {
  const { evaluations = [], shown = [], facts = null } = measured ?? {};
  const whole = evaluations.length === sets.length && evaluations.every(({ complete }) => complete);
  return whole && facts ? { entry, evaluations, shown, facts } : undefined;
}
