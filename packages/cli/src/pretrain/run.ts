import { join } from "node:path";
import { RUN_FILES } from "@inctrl/inctrl";
import { MODEL_FILES, planModel, pretrainRun, type ValidationRecord } from "@inctrl/pretrain";
import type { PretrainSettings } from "../commands/pretrain.js";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { noteStart, noteStop } from "../train/notes.js";
import { info, startClock, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { version } from "../version.js";

/** Trains a small CLIP from nothing and says what was written and how to use it. Returns the exit code. */
export async function runPretrain(settings: PretrainSettings, signal: AbortSignal): Promise<number> {
  const noteEnd = startClock();
  const total = settings.steps;
  const plan = await planModel(settings);
  await using _ = await holdFolder(settings.out);
  return await withDevice(settings.device, async (device) => {
    info(`${plan.tokenizer.vocabSize} tokens; training on ${adapterName(device.caps)}`);
    const steps = await withProgress({ total, verb: "pretraining", unit: "step" }, (update) =>
      pretrainRun(device, plan, settings, {
        provenance: { inctrl: version() },
        onStart: (resumed) => noteStart(resumed, settings),
        onStep: ({ step, loss, rate }) => update(step, total, `loss ${loss.toFixed(3)}, ${rate} images/s`),
        onValidation: (record) => info(validationLine(record)),
        onNote: warn,
        signal,
      }),
    );
    if (steps < total) noteStop(steps);
    if (steps < total && signal.aborted) return EXIT.interrupted;
    await print(summary(settings));
    noteEnd();
    return EXIT.ok;
  });
}

function validationLine({ step, hold_out: { retrieval, text, residual } }: ValidationRecord): string {
  return (
    `step ${step}: retrieval ${retrieval.toFixed(3)}; never trained on: AUROC ${text.toFixed(4)} by text, ` +
    `${residual.toFixed(4)} by the patch residual`
  );
}

function summary({ out }: PretrainSettings): string {
  const [weights, config, merges] = Object.values(MODEL_FILES).map((name) => join(out, name));
  return [
    `model: ${weights}, ${config}, ${merges}`,
    `losses: ${join(out, RUN_FILES.metrics)} and ${join(out, RUN_FILES.curve)}`,
    `to use it: inctrl score --backbone ${weights} --model-config ${config} --vocabulary ${merges} --prompts good/ --images to-check/`,
    "",
  ].join("\n");
}
