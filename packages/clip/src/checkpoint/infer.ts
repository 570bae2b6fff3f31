import { CLIP_EPS, parseConfig } from "../config/parse.js";
import { listConfigs } from "../config/registry.js";
import { CLIP_MEAN, CLIP_STD, type ModelConfig, type VisionConfig } from "../config/types.js";
import { ClipError } from "../errors.js";
import { clipParameters } from "../model/clip.js";
import { positionsIn } from "./check.js";
import type { Weights } from "./weights.js";

/**
 * Deduces a configuration from tensor shapes. Settings that shapes do not determine are taken from a registry model of the same
 * shapes. Without one, heads are as wide as published towers of that width have them, the activation is exact GELU (QuickGELU for TorchScript files, which are OpenAI's), and
 * images are normalised as for CLIP, or ImageNet for timm layouts.
 *
 * @throws ClipError `layout` where there is no vision tower.
 *
 * @example
 * inferConfig(await openWeights("model.safetensors")).vision.layers
 */
export function inferConfig(weights: Weights): ModelConfig {
  const conv = dims(weights, "visual.conv1.weight", 4);
  const [width, , patch] = conv as [number, number, number];
  if (!weights.has("visual.positional_embedding"))
    throw refuse(
      weights,
      "its vision tower has no table of positions; towers with rotary or relative positions (DINOv3, EVA, BEiT) are not run",
    );
  const distilled = weights.has("visual.distillation_embedding");
  const proj = weights.has("visual.proj");
  const positions = positionsIn(dims(weights, "visual.positional_embedding", 2), { width, distilled, proj });
  if (positions === undefined)
    throw refuse(weights, "its positional embedding is for no square grid; give a configuration");
  const grid = positions.side;
  const layers = countLayers(weights, "visual.transformer.resblocks.");
  // SwiGLU has twice as many rows before its activation.
  const mlp = dims(weights, "visual.transformer.resblocks.0.mlp.c_proj.weight", 2)[1];
  const tower = { layers, mlp_ratio: mlp / width, patch_size: patch };
  const quick_gelu = weights.file.metadata.torchscript !== undefined;
  const config = proj
    ? parseConfig({
        embed_dim: dims(weights, "visual.proj", 2)[1],
        quick_gelu,
        vision_cfg: {
          ...tower,
          image_size: grid * patch,
          width,
          head_width: visionHeadWidth(weights, width),
        },
        ...(weights.has("token_embedding.weight") && { text_cfg: textConfig(weights) }),
      })
    : parseConfig({
        ...{ embed_dim: width, depth: layers, img_size: grid * patch, patch_size: patch },
        ...{ mlp_ratio: mlp / width, num_heads: width / visionHeadWidth(weights, width) },
      });
  const lnPre = weights.has("visual.ln_pre.weight");
  // CLIP's tower without its projection.
  const clip = lnPre && !proj;
  const patchBias = weights.has("visual.conv1.bias");
  const seen: VisionConfig = {
    ...config.vision,
    lnPre,
    patchBias,
    mlpWidth: mlp,
    ...(distilled && { distilled }),
    ...dinoParts(weights, positions),
  };
  if (!clip) return likeKnown({ ...config, vision: seen });
  const preprocess = { ...config.preprocess, mean: CLIP_MEAN, std: CLIP_STD };
  return { ...config, preprocess, vision: { ...seen, lnEps: CLIP_EPS } };
}

/** What DINOv2's towers have besides; its positions are interpolated as its own code does. */
function dinoParts(weights: Weights, { prefix }: { prefix: number }): Partial<VisionConfig> {
  if (!weights.has("visual.transformer.resblocks.0.ls_1.gamma")) return {};
  const [hidden, inner] = ["c_fc", "c_proj"].map((layer) =>
    dims(weights, `visual.transformer.resblocks.0.mlp.${layer}.weight`, 2),
  );
  const registers = weights.has("visual.register_tokens") && dims(weights, "visual.register_tokens", 2)[0];
  // DeiT III, whose class token has no position, is resized as by timm.
  const rule = registers ? "antialias" : "offset";
  return {
    layerScale: true,
    ...(registers && { registers }),
    ...(hidden[0] === 2 * inner[1] && { swiglu: true }),
    ...((registers || prefix > 0) && { positions: rule }),
  };
}

function textConfig(weights: Weights) {
  const [vocab_size, width] = dims(weights, "token_embedding.weight", 2) as [number, number];
  const mlp = dims(weights, "transformer.resblocks.0.mlp.c_fc.weight", 2)[0];
  return {
    vocab_size,
    width,
    context_length: dims(weights, "positional_embedding", 2)[0],
    layers: countLayers(weights, "transformer.resblocks."),
    heads: width / headWidth(weights, width),
    mlp_ratio: mlp / width,
  };
}

/** Widths of published image towers whose heads are not 64 wide: So400m, ViT-H, ViT-g and ViT-bigG. */
const HEAD_WIDTHS: Readonly<Record<number, number>> = { 1152: 72, 1280: 80, 1408: 88, 1664: 104 };

const visionHeadWidth = (weights: Weights, width: number): number =>
  HEAD_WIDTHS[width] ?? headWidth(weights, width);

/** Those of text towers, and of other image towers. */
function headWidth(weights: Weights, width: number): number {
  if (width % 64 === 0) return 64;
  throw refuse(weights, `a width of ${width} does not tell its number of heads; give a configuration`);
}

/** Takes name, heads and activation from a registry model of exactly these shapes, if there is one. */
function likeKnown(config: ModelConfig): ModelConfig {
  const { activation, vision, text } = config;
  const near = listConfigs().filter(
    (known) =>
      known.activation === activation &&
      known.vision.width === vision.width &&
      known.vision.layers === vision.layers,
  );
  if (near.length === 0) return config;
  const shapes = shapesOf(config);
  const same = near.find((known) => shapesOf(text === undefined ? towerOf(known) : known) === shapes);
  if (same === undefined) return config;
  const { name: _, ...tower } = towerOf(same);
  // A vision tower alone is not the named model.
  return text === undefined && same.text !== undefined ? tower : same;
}

/** The model without its text tower. */
const towerOf = ({ text: _, ...vision }: ModelConfig): ModelConfig => vision;

const shapesOf = (config: ModelConfig): string =>
  JSON.stringify([...clipParameters(config)].map(([name, { shape }]) => [name, shape]));

const refuse = ({ path }: Weights, why: string) => new ClipError("layout", `${path}: ${why}`);

function dims(weights: Weights, name: string, rank: number): readonly number[] {
  if (!weights.has(name))
    throw refuse(weights, `has no ${name}, so its model cannot be told; give a file with a vision tower`);
  const shape = weights.shape(name);
  if (shape.length === rank) return shape;
  throw refuse(weights, `${name} has ${shape.length} axes, not ${rank}; not a ViT checkpoint`);
}

/** One more than the highest block number under `prefix`. */
export function countLayers(weights: Weights, prefix: string): number {
  let layers = 0;
  for (const name of weights.keys.keys())
    if (name.startsWith(prefix))
      layers = Math.max(layers, 1 + Number.parseInt(name.slice(prefix.length), 10));
  return layers;
}
