import { stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir } from "@inctrl/clip";
import {
  type Backbone,
  Heads,
  isHeadName,
  openBackbone,
  PromptBank,
  readPrompts,
  Scorer,
  shippedHeads,
} from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";
import type { ScoreOptions } from "../commands/score.js";
import { CliError } from "../errors.js";
import { stopIfAborted } from "../signals.js";
import { count } from "../ui/amounts.js";
import { info, warn } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";

/** A backbone from the options, loaded with a bar. */
export async function loadBackbone(
  device: Device,
  options: Pick<ScoreOptions, "backbone" | "modelConfig" | "vocabulary" | "dtype" | "symmetries">,
): Promise<Backbone> {
  const { backbone, modelConfig: config, vocabulary, dtype, symmetries: turns } = options;
  const progress = startProgress(0, { verb: "loading the backbone", unit: "parameter" });
  try {
    return await openBackbone(device, backbone, {
      config,
      vocabulary,
      dtype,
      turns,
      textCache: join(cacheDir(), "prototypes"),
      extra: isHeadName,
      onProgress: progress.update,
    });
  } finally {
    progress.stop();
  }
}

/** The prompts, encoded now or before. */
export async function makeBank(
  backbone: Backbone,
  prompts: readonly string[] | null,
  options: ScoreOptions,
): Promise<PromptBank> {
  const { fit, symmetries, bank: file, saveBank, batch } = options;
  if (!prompts) {
    const bank = await PromptBank.load(file!, backbone);
    const made = { fit: bank.fit, symmetries: bank.turns };
    const asked = { fit: fit ?? made.fit, symmetries: symmetries ?? made.symmetries };
    const wrong = (["fit", "symmetries"] as const).find((name) => asked[name] !== made[name]);
    if (!wrong) return bank;
    bank.dispose();
    throw new CliError(
      "option",
      `--${wrong} ${asked[wrong]}: the bank ${file} was made with ${made[wrong]}; leave --${wrong} out`,
    );
  }
  const read = await readPrompts(prompts, backbone, fit ?? "crop");
  const bank = await PromptBank.encode(backbone, read, { fit: fit ?? "crop", batch });
  if (!saveBank) return bank;
  try {
    const there = await stat(saveBank).catch(() => null);
    // Saving renames a finished file into place: a device there would be replaced by it.
    if (there && !there.isFile())
      throw new CliError("output", `${saveBank}: this is no plain file; give a file name`);
    await bank.save(saveBank);
    info(`saved the bank of ${count(bank.shots, "prompt")} to ${saveBank}`);
    return bank;
  } catch (error) {
    bank.dispose();
    throw error;
  }
}

/** Everything that scores, put together; `close` frees it. */
export interface Model {
  readonly backbone: Backbone;
  readonly bank: PromptBank;
  readonly scorer: Scorer;
  /** The heads' file, where there are any. */
  readonly heads: string | null;
  close(): void;
}

/** Loads backbone, prompts, heads and text as the options say. */
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
  try {
    const backbone = keep(await loadBackbone(device, options));
    stopIfAborted(signal);
    const file = options.heads ?? (options.class === undefined ? null : await shippedHeads(options.backbone));
    const heads = file ? keep(await Heads.load(file, device)) : undefined;
    if (heads && backbone.hasText && options.class === undefined) {
      warn("the heads work best with the product's name beside them; add --class NAME");
    }
    const prototypes = options.class === undefined ? undefined : await backbone.prototypes(options.class);
    stopIfAborted(signal);
    const bank = keep(await makeBank(backbone, prompts, options));
    const scorer = keep(new Scorer({ backbone, bank, heads, prototypes, alpha: options.alpha }));
    return { backbone, bank, scorer, heads: file || null, close };
  } catch (error) {
    close();
    throw error;
  }
}
