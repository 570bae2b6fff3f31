import { join } from "node:path";
import { RUN_FILES } from "@inctrl/inctrl";
import { MODEL_FILES, planModel, pretrainRun, type ValidationRecord } from "@inctrl/pretrain";
import type { PretrainSettings } from "../commands/pretrain.js";
import { adapterName, withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { print } from "../output/print.js";
import { duration } from "../ui/amounts.js";
import { info } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";
import { version } from "../version.js";

/** Trains a small CLIP from nothing and says what was written and how to use it. Returns the exit code. */
export async function runPretrain(settings: PretrainSettings, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  const { out, steps: total, resume } = settings;
  const plan = await planModel(settings);
  return withDevice(settings.device, async (device) => {
    info(`${plan.tokenizer.vocabSize} tokens; training on ${adapterName(device.caps)}`);
    const progress = startProgress(total, { verb: "pretraining", unit: "step" });
    const steps = await pretrainRun(device, plan, settings, {
      provenance: { inctrl: version() },
      onStart: (resumed) => {
        if (resumed !== null) info(`going on after step ${resumed}`);
        else if (resume) info(`${out}: no checkpoint yet, so this run starts at the beginning`);
      },
      onStep: ({ step, loss, rate }) =>
        progress.update(step, total, `loss ${loss.toFixed(3)}, ${rate} images/s`),
      onValidation: (record) => info(validationLine(record)),
      signal,
    }).finally(progress.stop);
    if (steps < total) info(`stopped after step ${steps}; the same command with --resume goes on from there`);
    if (steps < total && signal.aborted) return EXIT.interrupted;
    await print(summary(settings));
    info(`done in ${duration((performance.now() - started) / 1000)}`);
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
