import { requireNetwork } from "@inctrl/baselines";
import { windowText } from "@inctrl/datasets";
import { readHistory } from "@inctrl/detect";
import { Heads } from "@inctrl/inctrl";
import { findRuntime, openTower, type Runtime, TOLERANCE, writeScorer } from "@inctrl/onnx";
import type { ExportOptions } from "../commands/export.js";
import { withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { judgeFor, type Model, type ModelOptions, verdictSettings, withModel } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { info } from "../ui/log.js";
import { version } from "../version.js";

/** Writes the bank of the options as an ONNX file. Returns the exit code. */
export async function runExport(options: ExportOptions, signal: AbortSignal): Promise<number> {
  const { onnx: path, bank, unverified } = options;
  await requireNetwork(options.backbone);
  // Asked for before anything is computed.
  const runtime = unverified ? null : findRuntime();
  if (!unverified && !runtime)
    throw new CliError(
      "option",
      "onnxruntime-node is not installed; npm install onnxruntime-node beside inctrl, or write the file with --unverified",
    );
  const settings: ModelOptions = { ...options, batch: undefined, threads: 0, dtype: "float32" };
  return await withDevice(options.device, (device) =>
    withModel(device, null, settings, signal, async (model) => {
      const { fitted, opening, trained } = model;
      const { encoder } = fitted.detector;
      const judge = await judgeFor(model, settings);
      await using network = await openTower(encoder.backbone, options.backbone, {
        ...{ size: encoder.preprocess.size, config: options.modelConfig },
      });
      stopIfAborted(signal);
      const facts = await factsOf(model, settings, bank, judge?.line ?? null, runtime);
      const scorer = {
        ...{ fitted, tower: network.tower, judge },
        heads: trained instanceof Heads ? trained : undefined,
        className: opening.className ?? undefined,
      };
      info(
        runtime ? `verifying with onnxruntime ${runtime.version}` : "not verified: nothing has run the file",
      );
      const agreement = await writeScorer(path, scorer, runtime, facts);
      const report = {
        ...{ onnx: path, verified: agreement !== null, runtime: runtime?.version ?? null },
        ...{ largest_difference: agreement, threshold: judge?.line.threshold ?? null },
      };
      const said = agreement
        ? `the same in onnxruntime ${runtime?.version}: scores to ${agreement.score.toExponential(1)}, maps to ${agreement.map.toExponential(1)}`
        : "not verified";
      await printResult(options.json, report, `${path}: ${said}\n`);
      return EXIT.ok;
    }),
  );
}

/** What the file says of itself. */
async function factsOf(
  model: Model,
  options: ModelOptions,
  bank: string,
  line: {
    readonly threshold: number;
    readonly status: string;
    readonly alpha: number;
    readonly n: number;
  } | null,
  runtime: Runtime | null,
): Promise<Record<string, string>> {
  const { fitted, opening } = model;
  const { detector, prompts, reading } = fitted;
  const { backbone, preprocess, fit, taps } = detector.encoder;
  const facts = {
    version: version(),
    verified: runtime ? `onnxruntime ${runtime.version}, to ${TOLERANCE}` : "no",
    method: detector.name,
    settings: await verdictSettings(model, options),
    backbone: backbone.name,
    fingerprint: backbone.fingerprint,
    taps,
    preprocess: { fit, ...preprocess },
    window: windowText(reading.window ?? "full"),
    orientation: reading.orientation ?? "ignore",
    bank: (await readHistory(bank)).id,
    shots: prompts.length,
    ...(opening.className !== null && { class: opening.className }),
    ...(line && { threshold: line.threshold, line }),
  };
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`inctrl.${name}`, text(value)]));
}
