import { join } from "node:path";
import { count } from "@inctrl/datasets";
import { type Backbone, FeatureStore, gatherData, TensorCache, type TrainingData } from "@inctrl/detect";
import {
  COMPONENTS,
  type EpochRecord,
  PairResiduals,
  RUN_FILES,
  type RunResult,
  trainRun,
} from "@inctrl/inctrl";
import type { TrainSettings } from "../commands/train.js";
import { warnOfFiles } from "../datasets/open.js";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { featureFolder } from "../features.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { loadBackbone, noteWindow } from "../score/model.js";
import { stopIfAborted } from "../signals.js";
import { info, startClock, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { version } from "../version.js";
import { openCategories } from "./data.js";
import { forHeads } from "./defaults.js";
import { trainMethod } from "./method.js";
import { noteStart, noteStop } from "./notes.js";

/** Products to train on where no data is named: several kinds of each material, with two materials held out. */
const DEFAULT_DATA = { seed: 0, variants: 4, train: 8, good: 4, bad: 8, holdOut: ["nut", "wood"] } as const;

/** Trains heads, and prints what was written and how to use it. Returns the exit code. */
export async function runTrain(settings: TrainSettings, signal: AbortSignal): Promise<number> {
  const noteEnd = startClock();
  await using _ = await holdFolder(settings.out);
  return await withDevice(settings.device, async (device) => {
    using backbone = await loadBackbone(device, settings);
    stopIfAborted(signal);
    info(`backbone: ${backbone.name} on ${adapterName(device.caps)}`);
    const cache = await TensorCache.open(settings.cache ?? featureFolder(), {
      ...{ limit: settings.cacheLimit, onNote: warn },
    });
    const specs = settings.data ?? [defaultSpec(backbone)];
    const holdOut = [...(settings.holdOut ?? (settings.data ? [] : DEFAULT_DATA.holdOut))];
    if (settings.method !== undefined) {
      const categories = await openCategories(specs, settings);
      const code = await trainMethod({ backbone, categories, holdOut, cache }, settings, signal);
      noteEnd();
      return code;
    }
    const store = new FeatureStore(backbone, cache, {
      ...{ fit: settings.fit, taps: settings.blocks, threads: settings.threads },
    });
    const own = forHeads(settings);
    const data = await gather(store, specs, { ...own, holdOut }, signal);
    const result = await train(store, data, specs, own, signal);
    if (!result.finished) {
      noteStop(result.steps);
      return EXIT.interrupted;
    }
    await print(summary(result, settings));
    noteEnd();
    return EXIT.ok;
  });
}

type HeadsSettings = ReturnType<typeof forHeads<TrainSettings>>;

function defaultSpec({ preprocess }: Backbone): string {
  const { seed, variants, train, good, bad } = DEFAULT_DATA;
  const { size } = preprocess;
  return `procedural:${seed}?size=${size}&variants=${variants}&train=${train}&good=${good}&bad=${bad}`;
}

async function gather(
  store: FeatureStore,
  specs: readonly string[],
  settings: HeadsSettings,
  signal: AbortSignal,
): Promise<TrainingData> {
  const categories = await openCategories(specs, settings);
  const { holdOut, shots, seed, negatives, text } = settings;
  return withProgress({ verb: "encoding images", signal }, (update) =>
    gatherData(store, categories, {
      ...{
        holdOut,
        shots,
        seed,
        negatives,
        withoutText: !(settings.components ?? COMPONENTS).includes("T") || !text,
        signal,
        window: settings.window,
      },
      onWindow: (category, measured) => noteWindow(measured, category),
      onProgress: (done, total) => update(done, total),
    }),
  );
}

async function train(
  store: FeatureStore,
  data: TrainingData,
  specs: readonly string[],
  settings: HeadsSettings,
  signal: AbortSignal,
): Promise<RunResult> {
  warnOfFiles(data.skipped);
  const bad = data.items.filter(({ label }) => label === 1).length;
  const trained = data.categories.length - data.holdOut.length;
  info(
    `${count(data.items.length, "image")} (${bad} anomalous) of ${count(trained, "category", "categories")}` +
      `${data.holdOut.length > 0 ? `, ${data.holdOut.length} more held out` : ""}; ${data.text ? "with" : "without"} texts`,
  );
  using pairs = new PairResiduals(store);
  const total = settings.epochs * settings.steps;
  return await withProgress({ total, verb: "training", unit: "step" }, (update) =>
    trainRun(data, pairs, {
      ...settings,
      folder: settings.out,
      provenance: {
        alpha: String(settings.scoreAlpha ?? settings.alpha),
        ...{ data: JSON.stringify(specs), strangers: String(settings.negatives) },
        inctrl: version(),
        node: process.versions.node,
      },
      onStart: (step) => noteStart(step > 0 ? step : null, settings),
      onStep: ({ step, loss, rate }) =>
        update(step, total, `loss ${loss.toFixed(4)}, ${rate.toFixed(1)} steps/s`),
      onEpoch: (record) => info(epochLine(record)),
      onNote: warn,
      signal,
    }),
  );
}

function epochLine({ epoch, mean_auroc, mean_residual }: EpochRecord): string {
  if (mean_auroc === null || mean_residual === null)
    return `epoch ${epoch}: nothing held out has both kinds of images`;
  return `epoch ${epoch}: AUROC ${mean_auroc.toFixed(4)} on what is held out (s_p alone ${mean_residual.toFixed(4)})`;
}

/** The files that were written, the AUROC on held-out categories, and how to use the heads. */
function summary({ losses, epochs, heads }: RunResult, settings: TrainSettings): string {
  const { out, backbone, modelConfig, blocks, fit } = settings;
  const last = losses.at(-1)?.loss;
  const final = epochs.at(-1);
  const lines = [
    `heads: ${heads.last}`,
    ...(heads.best ? [`heads of the best epoch on what was held out: ${heads.best}`] : []),
    `losses: ${join(out, RUN_FILES.metrics)} and ${join(out, RUN_FILES.curve)}`,
    ...(last === undefined ? [] : [`loss ${losses[0].loss.toFixed(4)} at first, ${last.toFixed(4)} at last`]),
  ];
  if (final && final.mean_auroc !== null && final.mean_residual !== null) {
    const { mean_auroc, mean_residual, hold_out } = final;
    const names = Object.keys(hold_out).join(", ");
    lines.push(
      `AUROC ${mean_auroc.toFixed(4)}  (mean of ${names}, never trained on; s_p alone ${mean_residual.toFixed(4)})`,
    );
    if (mean_auroc < mean_residual)
      warn("on what was held out the heads do worse than s_p alone; train on more categories");
  }
  const how = [
    ...["--backbone", backbone, ...(modelConfig ? ["--model-config", modelConfig] : [])],
    ...["--heads", heads.last, ...(blocks ? ["--set", `blocks=${blocks.join(",")}`] : [])],
    ...(fit === "crop" ? [] : ["--fit", fit]),
  ];
  lines.push(`to use them: inctrl score ${how.join(" ")} --prompts good/ --images to-check/`);
  return `${lines.join("\n")}\n`;
}
