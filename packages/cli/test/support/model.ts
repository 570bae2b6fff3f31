import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { clipParameters, parseConfig, randomParameters } from "@inctrl/clip";
import { encodePng } from "@inctrl/datasets";
import { drawProduct } from "@inctrl/synth";
import { writeSafetensors } from "@inctrl/tensor";

/** A small image tower without text, in OpenCLIP's form: 64 pixels, 4 x 4 patches, 2 blocks. */
export const TINY = {
  embed_dim: 32,
  vision_cfg: { image_size: 64, layers: 2, width: 64, head_width: 64, patch_size: 16 },
};

/** A small DINOv2 with registers: 42 pixels, 3 x 3 patches, 3 blocks, of which the last two are compared. */
export const TINY_DINO = {
  ...{ architecture: "dinov2", ffn_layer: "swiglufused", num_register_tokens: 2 },
  ...{ img_size: 42, patch_size: 14, embed_dim: 16, num_heads: 2, depth: 3 },
};

/** Writes an untrained model of a configuration, and the configuration. Each seed is another model. */
export async function writeModel(file: string, seed = 1, config: object = TINY): Promise<void> {
  const read = randomParameters(seed);
  const tensors: Record<string, { dtype: "F32"; shape: readonly number[]; data: Float32Array }> = {};
  for (const [name, parameter] of clipParameters(parseConfig(config))) {
    tensors[name] = { dtype: "F32", shape: parameter.shape, data: await read(name, parameter) };
  }
  await writeSafetensors(file, tensors);
  // Beside the weights, so that nothing of the model is guessed.
  writeFileSync(path.join(path.dirname(file), "config.json"), JSON.stringify(config));
}

/** Draws `count` pictures 000.png, 001.png, ... and returns their paths. */
export function writeImages(folder: string, count: number, first = 0): string[] {
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, i) => {
    const file = path.join(folder, `${String(first + i).padStart(3, "0")}.png`);
    const defect = (first + i) % 2 ? "scratch" : null;
    writeFileSync(file, encodePng(drawProduct({ class: "metal", index: first + i, size: 64, defect }).image));
    return file;
  });
}

/** Names of a model, drawn metal of which every second is good, and a bank, in a folder; `writeModel` and a run make the first and the last. */
export function bankPlaces(folder: string, count: number) {
  const images = writeImages(path.join(folder, "images"), count);
  const backbone = path.join(folder, "model.safetensors");
  return {
    backbone,
    bank: path.join(folder, "metal.bank.safetensors"),
    model: ["--backbone", backbone],
    images,
    good: images.filter((_, i) => i % 2 === 0),
    bad: images.filter((_, i) => i % 2 === 1),
  };
}
