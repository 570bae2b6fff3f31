import { join } from "node:path";
import { requireNetwork } from "@inctrl/baselines";
import { count, type DataSet, some, withoutMask } from "@inctrl/datasets";
import {
  type Backbone,
  type Detector,
  Encoder,
  type Evaluation,
  evaluate,
  lineNote,
  lineTable,
  type RunFacts,
  summarize,
  TensorCache,
  tableRows,
  writeResults,
} from "@inctrl/detect";
import type { EvalOptions } from "../commands/eval.js";
import { chooseCategories, openData, skippedText, warnOfFiles } from "../datasets/open.js";
import { withDevice } from "../device.js";
import { CliError, describe, EXIT } from "../errors.js";
import { featureFolder, keepingEncoder } from "../features.js";
import { type ChosenMethod, chooseMethod, encoderOptions, loadTrained, trainedFacts } from "../methods.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { loadBackbone, noteWindow } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { factsOf } from "./facts.js";
import { withFewShot } from "./few-shot.js";

/** File in the folder of the results that keeps each draw as it finishes. */
const STORE = "draws.jsonl";

/** Measures a data set, prints the table and saves the results. Returns the exit code. */
export async function runEval(options: EvalOptions, signal: AbortSignal): Promise<number> {
  const opened = await openData(options.data, options);
  const categories = chooseCategories(opened.categories, options.category, () => options.class);
  const chosen = { ...opened, categories };
  const dataSet = options.fewShot ? await withFewShot(chosen, options.fewShot) : chosen;
  warnOfFiles(dataSet.skipped);
  for (const { name, test } of dataSet.categories) {
    const ids = withoutMask(test).map(({ id }) => id);
    const images = count(ids.length, "anomalous image");
    if (ids.length > 0) warn(`${name}: pixel metrics leave out ${images} without a mask: ${some(ids)}`);
  }
  await requireNetwork(options.backbone);
  const chosenMethod = methodOf(options);
  const { method, settings } = chosenMethod;
  const heads = await trainedFacts(chosenMethod);
  await using _ = options.out ? await holdFolder(options.out) : null;
  return await withDevice(options.device, async (device) => {
    using backbone = await loadBackbone(device, options, warn);
    stopIfAborted(signal);
    const facts = factsOf(backbone, { ...options, heads, class: options.class ?? null });
    using trained = await loadTrained(chosenMethod, device);
    const encoder = await openEncoder(backbone, chosenMethod, options);
    const detector = method.create(encoder, settings, trained);
    const evaluation = await measure(detector, dataSet, facts, options, signal);
    if (evaluation.categories.some(({ draws }) => draws.length > 0) || evaluation.complete) {
      await print(alignTable(tableRows(summarize(evaluation))));
      const atLine = lineTable(evaluation);
      if (atLine.length > 0) {
        info(lineNote(evaluation));
        await print(`\n${alignTable(atLine)}`);
      }
    }
    if (!evaluation.complete) return stopped(evaluation, options);
    if (options.out) {
      await writeResults(options.out, { evaluation, facts, dataSet, detector }, (error) =>
        warn(`the report has no pictures: ${describe(error)}`),
      );
      info(`results in ${options.out}: results.json, results.csv, results.md and report.html`);
    }
    const whole = evaluation.categories.every(
      ({ problem, skipped, draws }) =>
        !problem && skipped.length === 0 && !draws.some((draw) => draw.problem),
    );
    return whole && dataSet.skipped.length === 0 ? EXIT.ok : EXIT.skipped;
  });
}

async function measure(
  detector: Detector,
  dataSet: DataSet,
  { backbone, heads, dtype, device: adapter }: RunFacts,
  options: EvalOptions,
  signal: AbortSignal,
): Promise<Evaluation> {
  const images = dataSet.categories.reduce((sum, { test }) => sum + test.length, 0);
  info(`${count(images, "test image")} of ${dataSet.name}, with ${backbone} on ${adapter}`);
  return withProgress({ verb: "measuring" }, (onProgress) =>
    evaluate({
      ...{ detector, dataSet, signal, onProgress },
      ...(options.calibration && { line: { images: options.calibration, alpha: options.falseAlarms } }),
      shots: options.shots,
      seeds: options.seeds,
      store: options.out && join(options.out, STORE),
      window: options.window,
      onWindow: (category, measured) => noteWindow(measured, category),
      settings: { heads: heads?.sha256 ?? "none", weights: dtype },
      onSkipped: (file) => warn(`skipped ${skippedText(file)}`),
      onNote: warn,
    }),
  );
}

/** The method of the options. */
function methodOf(options: EvalOptions): ChosenMethod {
  const { components, aggregate, alpha, symmetries } = options;
  const flags = { components, aggregate, alpha, symmetries };
  return chooseMethod(options, flags, { text: options.class !== undefined, shipped: true });
}

/** An encoder, with the cache of features where `--cache` asks for it. */
async function openEncoder(
  backbone: Backbone,
  method: ChosenMethod,
  { cache, cacheLimit: limit, fit, dtype, batch, threads }: EvalOptions,
): Promise<Encoder> {
  const input = encoderOptions(method, backbone, { fit, batch, threads });
  if (!cache) return new Encoder(backbone, input);
  if (dtype !== "float32")
    throw new CliError("option", "--cache keeps features of float32 weights; leave --dtype out");
  const folder = cache === true ? featureFolder() : cache;
  const features = await TensorCache.open(folder, { limit, onNote: warn });
  return keepingEncoder(backbone, input, features, warn);
}

function stopped({ categories }: Evaluation, { out, shots, seeds }: EvalOptions): number {
  const done = categories.reduce((sum, { draws }) => sum + draws.length, 0);
  const each = new Set(shots).size * Math.max(1, seeds);
  const kept = `stopped after ${count(done, "draw")}, of ${each} a category`;
  info(
    out ? `${kept}; the same command goes on from there` : `${kept}; with --out it could go on from there`,
  );
  return EXIT.interrupted;
}
