import { type ModelConfig, parseConfig } from "@inctrl/clip";
import { type Backbone, randomBackbone } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";

/** What the demo looks with: a seeded, untrained image tower, whose patch residuals separate textures even so. */
export const openDemoBackbone = (device: Device, seed: number): Promise<Backbone> =>
  randomBackbone(device, untrainedConfig(), seed);

/** A shallow, wide tower, compared at its last block: without training, depth adds time and no insight. */
function untrainedConfig(): ModelConfig {
  const vit = { img_size: 240, patch_size: 16, embed_dim: 384, depth: 2, num_heads: 6 };
  return { ...parseConfig(vit), outBlocks: [2] };
}
