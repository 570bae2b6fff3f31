import { join } from "node:path";
import type { Clip } from "@inctrl/clip";
import { f32ToF16, writeFileAtomic, writeSafetensors } from "@inctrl/tensor";
import { MERGES_FILE, type ModelPlan } from "./plan.js";
import { logitScale } from "./pretrainer.js";

/** The files of a model, in its folder. */
export const MODEL_FILES = {
  weights: "model.safetensors",
  config: "config.json",
  merges: MERGES_FILE,
} as const;

/** Writes a trained model as it is used: float16 weights, the configuration, and the vocabulary's merges. */
export async function exportModel(
  folder: string,
  clip: Clip,
  { json, merges }: ModelPlan,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const read = [...clip.stateDict()].map(async ([name, value]) => {
    return [name, { dtype: "F16", shape: value.shape, data: f32ToF16(await value.data()) }] as const;
  });
  const tensors = Object.fromEntries(await Promise.all(read));
  const bytes = (text: string) => [new TextEncoder().encode(text)];
  const scale = Number((await logitScale(clip)).toPrecision(4));
  const config = { ...json, text_cfg: { ...json.text_cfg, logit_scale: scale } };
  await writeFileAtomic(join(folder, MODEL_FILES.config), bytes(`${JSON.stringify(config, null, 2)}\n`));
  await writeFileAtomic(join(folder, MODEL_FILES.merges), bytes(merges));
  await writeSafetensors(join(folder, MODEL_FILES.weights), tensors, metadata);
}
