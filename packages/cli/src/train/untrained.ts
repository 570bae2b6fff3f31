import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalShapes, parseConfig, randomParameters } from "@inctrl/clip";
import { type StoredTensor, writeSafetensors } from "@inctrl/tensor";

/** A small, shallow tower for images of 64 pixels: without training, depth adds time and no insight. */
const CONFIG = {
  embed_dim: 192,
  vision_cfg: { image_size: 64, patch_size: 8, width: 192, layers: 2, head_width: 64 },
  out_blocks: [1, 2],
};

/** Writes a seeded, untrained image tower as any other backbone is given, so that the heads can be used with it later. */
export async function writeUntrainedBackbone(
  folder: string,
): Promise<{ backbone: string; modelConfig: string }> {
  const backbone = join(folder, "backbone.safetensors");
  const modelConfig = join(folder, "backbone.json");
  const read = randomParameters(0);
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, shape] of canonicalShapes(parseConfig(CONFIG))) {
    tensors[name] = { dtype: "F32", shape, data: await read(name, shape) };
  }
  await writeSafetensors(backbone, tensors);
  await writeFile(modelConfig, `${JSON.stringify(CONFIG, null, 2)}\n`);
  return { backbone, modelConfig };
}
