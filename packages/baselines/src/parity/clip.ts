import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Clip, type LoadOptions, loadClip, openWeights, parseConfig } from "@inctrl/clip";
import type { Device } from "@inctrl/tensor";
import { readPlainText } from "@inctrl/tensor/files";

/** The CLIP of a folder of values: its own, or that of the folder `tiny` beside it. */
export async function openClip(device: Device, folder: string, options: LoadOptions = {}): Promise<Clip> {
  const home = existsSync(join(folder, "clip.safetensors")) ? folder : join(folder, "../tiny");
  const config = parseConfig(await readPlainText(join(home, "config.json"), 1e6));
  const weights = await openWeights(join(home, "clip.safetensors"));
  try {
    return await loadClip(device, config, weights, options);
  } finally {
    await weights.close();
  }
}
