import { readOptions, type TrainJob } from "@inctrl/detect";
import type { TrainSettings } from "../commands/train.js";
import { EXIT } from "../errors.js";
import { TRAINABLE } from "../methods.js";
import { print } from "../output/print.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { noteStop } from "./notes.js";

/** Trains what a method needs, and prints its file and how to use it. Returns the exit code. */
export async function trainMethod(
  data: Pick<TrainJob, "backbone" | "categories" | "holdOut" | "cache">,
  settings: TrainSettings,
  signal: AbortSignal,
): Promise<number> {
  const { out, resume, window, preset, set, shots, epochs, steps, batch, seed, lr } = settings;
  const method = TRAINABLE.find(({ name }) => name === settings.method) as (typeof TRAINABLE)[number];
  const shared = Object.entries({ shots, epochs, steps, batch, seed, lr }).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(method.trainOptions, name),
  );
  const options = { name: method.name, options: method.trainOptions, presets: method.trainPresets };
  const chosen = readOptions(options, { ...Object.fromEntries(shared), ...set }, preset);
  let last = 0;
  const { file, best, finished } = await withProgress({ verb: "training", unit: "step", signal }, (update) =>
    method.train(
      {
        ...{ ...data, folder: out, resume, window, signal, onNote: warn },
        onEpoch: (epoch, auroc) =>
          info(
            `epoch ${epoch}: ${auroc === null ? "nothing held out has both kinds of images" : `AUROC ${auroc.toFixed(4)} on what is held out`}`,
          ),
        onStep(step, total, loss) {
          last = step;
          update(step, total, `loss ${loss.toFixed(4)}`);
        },
      },
      chosen,
    ),
  );
  if (!finished) {
    noteStop(last);
    return EXIT.interrupted;
  }
  // What has no reader of its own is a backbone.
  const use = method.load
    ? `--backbone ${settings.backbone} --method ${method.name} --heads ${file} --class NAME`
    : `--backbone ${file} --method ${method.name}`;
  const better = best === null ? "" : `that of the best epoch on what was held out: ${best}\n`;
  await print(
    `trained: ${file}\n${better}to use it: inctrl score ${use} --prompts good/ --images to-check/\n`,
  );
  return EXIT.ok;
}
