import { join } from "node:path";
import { requireNetwork } from "@inctrl/baselines";
import { count, type DataSet, writeFileAtomic } from "@inctrl/datasets";
import {
  type Backbone,
  benchmarkPage,
  CachedEncoder,
  type ComparedRow,
  type Contender,
  compareMethods,
  comparisonCsv,
  type Detector,
  drawMaps,
  Encoder,
  type EncoderOptions,
  evaluateAll,
  FeatureStore,
  type MethodFacts,
  metricTables,
  rowsOf,
  type Shown,
  selectTaps,
  type Tap,
  TensorCache,
  tablesLatex,
  tablesMarkdown,
} from "@inctrl/detect";
import type { BenchmarkOptions } from "../commands/benchmark.js";
import { chooseCategories, openData, skippedText, warnOfFiles } from "../datasets/open.js";
import { adapterName, withDevice } from "../device.js";
import { describe, EXIT } from "../errors.js";
import { featureFolder } from "../features.js";
import { encoderOptions, loadTrained, trainedFacts } from "../methods.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { loadBackbone, noteWindow } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { type Entry, parseEntry } from "./entries.js";

/** What was measured of an entry. */
interface Measured {
  readonly contender: Contender;
  readonly facts: MethodFacts;
  /** Null where the pictures could not be drawn. */
  readonly shown: readonly Shown[] | null;
}

/** A detector and the entry that it is of. */
interface Opened {
  readonly entry: Entry;
  readonly detector: Detector;
}

/** Measures methods on the same draws of a data set, prints the table and saves the comparison. Returns the exit code. */
export async function runBenchmark(options: BenchmarkOptions, signal: AbortSignal): Promise<number> {
  const opened = await openData(options.data, options);
  const dataSet = {
    ...opened,
    categories: chooseCategories(opened.categories, options.category, () => undefined),
  };
  warnOfFiles(dataSet.skipped);
  const entries = options.methods.map((text) => parseEntry(text, options.backbone, options.heads));
  const backbones = [...new Set(entries.map(({ backbone }) => backbone))];
  for (const backbone of backbones) await requireNetwork(backbone);
  await using _ = await holdFolder(options.out);
  return await withDevice(options.device, async (device) => {
    const measured = new Map<Entry, Measured>();
    for (const name of backbones) {
      using backbone = await loadBackbone(device, { ...options, backbone: name }, warn);
      stopIfAborted(signal);
      const own = entries.filter((entry) => entry.backbone === name);
      await measureBackbone(backbone, own, dataSet, options, signal, measured);
      if (signal.aborted) break;
    }
    const found = entries.flatMap((entry) => measured.get(entry) ?? []);
    const whole =
      found.length === entries.length && found.every(({ contender }) => contender.evaluation.complete);
    if (!whole) {
      info("stopped; the same command goes on from there");
      return EXIT.interrupted;
    }
    const rows = compareMethods(found.map(({ contender }) => contender));
    await print(tableText(rows));
    await save(rows, found, dataSet, options, adapterName(device.caps));
    const problem = found.some(({ contender: { evaluation } }) =>
      evaluation.categories.some(({ problem, skipped }) => problem || skipped.length > 0),
    );
    return problem || dataSet.skipped.length > 0 ? EXIT.skipped : EXIT.ok;
  });
}

/** Measures the entries of one backbone: images are encoded once for all that prepare them alike. */
async function measureBackbone(
  backbone: Backbone,
  entries: readonly Entry[],
  dataSet: DataSet,
  options: BenchmarkOptions,
  signal: AbortSignal,
  measured: Map<Entry, Measured>,
): Promise<void> {
  const cache = await TensorCache.open(options.cache ?? featureFolder(), {
    limit: options.cacheLimit,
    onNote: warn,
  });
  const asked = entries.map((entry) => ({
    entry,
    input: encoderOptions(entry, backbone, { fit: options.fit, threads: options.threads }),
  }));
  const framing = ({ input: { fit, preprocess } }: (typeof asked)[number]) =>
    JSON.stringify([fit, preprocess]);
  for (const frame of new Set(asked.map(framing))) {
    const alike = asked.filter((each) => framing(each) === frame);
    const root = rootOf(
      backbone,
      alike.map(({ input }) => input),
      cache,
    );
    const opened: Opened[] = [];
    const trained: (Disposable | undefined)[] = [];
    try {
      for (const { entry, input } of alike) {
        trained.push(await loadTrained(entry, backbone.device));
        const own = selectTaps(root, { taps: input.taps ?? backbone.defaultTaps, raw: input.raw ?? false });
        opened.push({ entry, detector: entry.method.create(own, entry.settings, trained.at(-1)) });
      }
      await measureGroup(backbone, opened, dataSet, options, signal, measured);
    } finally {
      for (const each of trained) each?.[Symbol.dispose]();
    }
    if (signal.aborted) return;
  }
}

/** The encoder that gives the taps of all inputs, which prepare images alike. */
function rootOf(backbone: Backbone, inputs: readonly EncoderOptions[], cache: TensorCache): Encoder {
  const [{ fit, preprocess, threads }] = inputs;
  const wanted = new Set(inputs.flatMap(({ taps = backbone.defaultTaps }) => taps));
  const rank = (tap: Tap) => (typeof tap === "number" ? tap : Number.POSITIVE_INFINITY);
  const taps = [...wanted].sort((a, b) => rank(a) - rank(b) || String(a).localeCompare(String(b)));
  const shared = {
    ...{ preprocess, threads, taps, raw: inputs.some(({ raw }) => raw) },
    features: inputs.some(({ features = true }) => features),
  };
  // The cache keeps one square of each image.
  if (fit === "whole" || fit === "tile") return new Encoder(backbone, { ...shared, fit });
  return new CachedEncoder(new FeatureStore(backbone, cache, { ...shared, fit }));
}

async function measureGroup(
  backbone: Backbone,
  opened: readonly Opened[],
  dataSet: DataSet,
  options: BenchmarkOptions,
  signal: AbortSignal,
  measured: Map<Entry, Measured>,
): Promise<void> {
  const names = opened.map(({ entry }) => entry.label).join(", ");
  info(`${names} with ${backbone.name}`);
  const scorings = await Promise.all(
    opened.map(async ({ entry, detector }) => ({
      detector,
      store: join(options.out, `${entry.label.replace(/[^\w.-]+/g, "-")}.draws.jsonl`),
      settings: { heads: (await trainedFacts(entry))?.sha256 ?? "none", weights: "float32" },
    })),
  );
  const evaluations = await withProgress({ verb: "measuring" }, (onProgress) =>
    evaluateAll(scorings, {
      ...{ dataSet, signal, onProgress, shots: options.shots, seeds: options.seeds },
      window: options.window,
      onWindow: (category, window) => noteWindow(window, category),
      onSkipped: (file) => warn(`skipped ${skippedText(file)}`),
      onNote: warn,
    }),
  );
  for (const [i, evaluation] of evaluations.entries()) {
    const { entry, detector } = opened[i];
    const settings = Object.entries(await detector.settings()).map((pair) => pair.join(" "));
    const shown = evaluation.complete
      ? await drawMaps(evaluation, dataSet, detector).catch((error) => {
          warn(`the report has no pictures of ${entry.label}: ${describe(error)}`);
          return null;
        })
      : null;
    measured.set(entry, {
      contender: { method: entry.label, evaluation },
      facts: {
        ...{ method: entry.label, title: entry.method.title, backbone: backbone.name },
        settings: settings.join(", "),
      },
      shown,
    });
  }
}

/** The AUROC of every method, as a table for a terminal. */
function tableText(rows: readonly ComparedRow[]): string {
  const [{ columns, rows: lines }] = metricTables(rows);
  const body = lines.map(({ shots, method, cells }) => [
    ...[method, String(shots)],
    ...cells.map(({ spread, best }) => (spread ? `${spread.mean.toFixed(3)}${best ? "*" : ""}` : "-")),
  ]);
  return alignTable([["method", "K", ...columns], ...body]);
}

async function save(
  rows: readonly ComparedRow[],
  measured: readonly Measured[],
  { name }: DataSet,
  { out, shots, seeds }: BenchmarkOptions,
  adapter: string,
): Promise<void> {
  const tables = metricTables(rows);
  const drawn = `${count(measured.length, "method")}, K = ${shots.join(", ")}, ${count(seeds, "draw")}`;
  const shown = measured.every(({ shown }) => shown) ? rowsOf(measured.map(({ shown }) => shown!)) : null;
  const methods = measured.map(({ facts }) => facts);
  const files = {
    "benchmark.csv": comparisonCsv(rows),
    "benchmark.md": `# ${name}\n\n${drawn}.\n\n${tablesMarkdown(tables)}`,
    "benchmark.tex": tablesLatex(tables),
    "report.html": benchmarkPage({ dataSet: name, about: `${drawn}, on ${adapter}`, rows, methods, shown }),
  };
  for (const [file, text] of Object.entries(files)) await writeFileAtomic(join(out, file), text);
  info(`results in ${out}: ${Object.keys(files).join(", ")}`);
}
