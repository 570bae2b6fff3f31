import { stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir } from "@inctrl/clip";
import { count } from "@inctrl/datasets";
import {
  type Backbone,
  Encoder,
  type FittedDetector,
  fileImages,
  fitImages,
  openBackbone,
  readBankFit,
} from "@inctrl/detect";
import { Heads, isHeadName, openDetector, shippedHeads } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";
import type { ScoreOptions } from "../commands/score.js";
import { CliError } from "../errors.js";
import { stopIfAborted } from "../signals.js";
import { info, warn } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";

/** Loads the backbone of the options with a progress bar. */
export async function loadBackbone(
  device: Device,
  {
    backbone,
    modelConfig: config,
    vocabulary,
    dtype,
  }: Pick<ScoreOptions, "backbone" | "modelConfig" | "vocabulary"> & Partial<Pick<ScoreOptions, "dtype">>,
): Promise<Backbone> {
  const progress = startProgress(0, { verb: "loading the backbone", unit: "parameter" });
  try {
    return await openBackbone(device, backbone, {
      ...{ config, vocabulary, dtype },
      textCache: join(cacheDir(), "prototypes"),
      extra: isHeadName,
      onProgress: progress.update,
    });
  } finally {
    progress.stop();
  }
}

/** How images become square and prompts are compared: as the bank was made, where one is given, else as the options say. */
async function chooseFit({ fit, symmetries, bank }: ScoreOptions) {
  if (bank === undefined) return { fit, symmetries };
  const made = await readBankFit(bank);
  const asked = { fit: fit ?? made.fit, symmetries: symmetries ?? made.symmetries };
  const wrong = (["fit", "symmetries"] as const).find((name) => asked[name] !== made[name]);
  if (!wrong) return made;
  throw new CliError(
    "option",
    `--${wrong} ${asked[wrong]}: the bank ${bank} was made with ${made[wrong]}; leave --${wrong} out`,
  );
}

async function saveBank(fitted: FittedDetector, path: string): Promise<void> {
  const there = await stat(path).catch(() => null);
  // Saving renames a finished file into place, which would replace a device there.
  if (there && !there.isFile())
    throw new CliError("output", `${path}: this is not a plain file; give a file name`);
  await fitted.save(path);
  info(`saved the bank of ${count(fitted.prompts.length, "prompt")} to ${path}`);
}

/** A fitted detector with what it was made from. `close` frees all of it. */
export interface Model {
  readonly fitted: FittedDetector;
  /** The file of the heads; null where there are none. */
  readonly heads: string | null;
  /** The weight of s_p beside the heads. */
  readonly alpha: number;
  close(): void;
}

/** Loads the backbone, the heads and the text features, and fits the detector with the prompts or loads it from a bank. */
export async function openModel(
  device: Device,
  prompts: readonly string[] | null,
  options: ScoreOptions,
  signal: AbortSignal,
): Promise<Model> {
  const held: { dispose(): void }[] = [];
  const keep = <T extends { dispose(): void }>(item: T): T => {
    held.push(item);
    return item;
  };
  const close = () => {
    for (const item of held.reverse()) item.dispose();
  };
  const { class: className, batch, threads } = options;
  try {
    const { fit, symmetries } = await chooseFit(options);
    const backbone = keep(await loadBackbone(device, options));
    stopIfAborted(signal);
    const file = options.heads ?? (className === undefined ? null : shippedHeads(options.backbone));
    const heads = file ? keep(await Heads.load(file, device)) : undefined;
    if (heads && backbone.hasText && className === undefined) {
      warn("the heads work best with the product's name beside them; add --class NAME");
    }
    // Fails early where the backbone has no text tower.
    if (className !== undefined) await backbone.prototypes(className);
    stopIfAborted(signal);
    const { alpha = heads?.alpha ?? 1, detector: name } = options;
    const encoder = new Encoder(backbone, { fit, batch, threads });
    const text = className !== undefined;
    const detector = openDetector(encoder, { detector: name, heads, alpha, symmetries, text });
    const fitted = keep(
      prompts
        ? await fitImages(detector, fileImages(prompts), { className, signal })
        : await detector.load(options.bank as string, { className }),
    );
    if (options.saveBank !== undefined) await saveBank(fitted, options.saveBank);
    return { fitted, heads: file || null, alpha, close };
  } catch (error) {
    close();
    throw error;
  }
}
