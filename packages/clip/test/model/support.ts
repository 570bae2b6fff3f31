import { type nn, type StoredTensor, sizeOf, type Tensor } from "@inctrl/tensor";
import { random } from "@inctrl/testing";
import { clipParameters, type ModelConfig, parseConfig } from "../../src/index.js";

/** A CLIP with sizes that are multiples of nothing, and pixels that fill no patch. */
export const SMALL_CLIP = parseConfig({
  embed_dim: 7,
  quick_gelu: true,
  vision_cfg: { image_size: 11, patch_size: 5, width: 15, head_width: 5, layers: 3, mlp_ratio: 2 },
  text_cfg: { context_length: 9, vocab_size: 21, width: 9, heads: 3, layers: 2, mlp_ratio: 3 },
  out_blocks: [1, 3],
});

/** A timm ViT: a bias on the patches, no norm before the blocks, no projection. */
export const SMALL_VIT = parseConfig({
  embed_dim: 14,
  depth: 2,
  num_heads: 2,
  img_size: 13,
  patch_size: 4,
  mlp_ratio: 3,
  out_blocks: [2],
});

/** A DINOv2 with registers and SwiGLU. */
export const SMALL_DINO = parseConfig({
  architecture: "dinov2",
  ...{ embed_dim: 14, depth: 2, num_heads: 2, img_size: 13, patch_size: 4 },
  ...{ ffn_layer: "swiglu", num_register_tokens: 3 },
  out_blocks: [2],
});

/** A DeiT with a second class token. */
export const SMALL_DISTILLED = parseConfig({
  ...{ embed_dim: 10, depth: 2, num_heads: 2, img_size: 8, patch_size: 4, distilled: true },
  out_blocks: [2],
});

/** Parameters of a model in which no norm is at one and no bias at zero, as trained models are. */
export function trainedValues(config: ModelConfig, seed: number): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  for (const [name, { shape }] of clipParameters(config)) {
    const count = sizeOf(shape);
    const norm = /ln_\w+\.weight$/.test(name);
    const matrix = shape.length > 1 && !name.includes("embedding");
    const spread = matrix ? 1.7 / Math.sqrt(count / Math.min(...shape.slice(0, 2))) : 0.3;
    values.set(
      name,
      random(seed++, count, -spread, spread).map((v) => (norm ? 1 + v : v)),
    );
  }
  return values;
}

export const readerOf =
  (values: ReadonlyMap<string, Float32Array>): nn.ReadParameter =>
  async (name) =>
    values.get(name) as Float32Array;

/** The tensors of a checkpoint in OpenCLIP's names. */
export function storedTensors(
  config: ModelConfig,
  values: ReadonlyMap<string, Float32Array>,
): Map<string, StoredTensor> {
  return new Map(
    [...clipParameters(config)].map(([name, { shape }]) => [
      name,
      { dtype: "F32", shape, data: values.get(name) as Float32Array },
    ]),
  );
}

/** The values of a tensor, which is freed. */
export async function take(made: Tensor): Promise<Float32Array> {
  const values = await made.data();
  made.dispose();
  return values;
}
