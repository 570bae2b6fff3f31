// Plain image transformers: timm's (DeiT and DINOv2 among them), DINOv2's own configuration, and Hugging Face's.
import { MAX_LAYERS, MAX_WIDTH, mlpWidth, parseCompared, squareSize } from "./common.js";
import type { FieldReader } from "./reader.js";
import {
  type Activation,
  IMAGENET_MEAN,
  IMAGENET_STD,
  type ModelConfig,
  type PositionRule,
  type PreprocessConfig,
  type VisionConfig,
} from "./types.js";

const PLAIN_TOWER = { lnPre: false, patchBias: true, proj: false };
const TIMM_EPS = 1e-6;
/** DINOv2's place of positions without antialiasing. */
const OFFSET = 0.1;
/** Register tokens of the largest model, several times. */
const MAX_REGISTERS = 64;

export function parseTimm(fields: FieldReader): ModelConfig {
  const embedDim = fields.size("embed_dim", MAX_WIDTH);
  const name = fields.text("architecture");
  const dino = name?.includes("dinov2") ?? false;
  const ffn = fields.oneOf("ffn_layer", ["mlp", "swiglu", "swiglufused"]);
  const hidden = mlpWidth(fields, embedDim);
  const registers = countOf(fields, "num_register_tokens") ?? countOf(fields, "reg_tokens");
  const scaled = fields.raw("init_values");
  if (scaled !== undefined && typeof scaled !== "number")
    fields.fail("init_values", "must be a number", scaled);
  const vision: VisionConfig = {
    imageSize: squareSize(fields, "img_size"),
    patch: squareSize(fields, "patch_size", 16),
    width: embedDim,
    layers: fields.size("depth", MAX_LAYERS),
    heads: fields.size("num_heads", MAX_WIDTH),
    mlpWidth: ffn === "mlp" ? hidden : gatedWidth(hidden),
    ...PLAIN_TOWER,
    lnEps: fields.positive("ln_eps", 1, TIMM_EPS),
    ...(fields.flag("distilled", false) && { distilled: true }),
    ...dinoParts({ registers, layerScale: dino || Boolean(scaled), swiglu: ffn !== "mlp" }),
    ...positionRule(fields, dino, registers),
  };
  for (const bias of ["qkv_bias", "proj_bias", "ffn_bias"])
    if (!fields.flag(bias, true)) fields.fail(bias, "must be true", false);
  const act = fields.oneOf("act", ["gelu", "gelu_erf", "quick_gelu"]);
  const mean = fields.triple("mean", IMAGENET_MEAN, 0);
  const std = fields.triple("std", IMAGENET_STD, 1e-3);
  const compared = parseCompared(fields, vision.layers);
  // Of training alone.
  fields.ignore("drop_path_rate", "drop_path_uniform", "block_chunks");
  fields.ignore("num_classes", "params", "license", "source", "description");
  fields.end();
  const preprocess: PreprocessConfig = { size: vision.imageSize, mean, std, interpolation: "bicubic" };
  const activation = act === "quick_gelu" ? "quick_gelu" : "gelu";
  return { ...(name && { name }), kind: "vit", embedDim, activation, vision, preprocess, ...compared };
}

/** `model_type`s of Hugging Face whose towers are plain transformers, with the mean and deviation of their processors. */
const HUGGING_FACE: Readonly<Record<string, Pick<PreprocessConfig, "mean" | "std">>> = {
  vit: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  deit: { mean: IMAGENET_MEAN, std: IMAGENET_STD },
  dinov2: { mean: IMAGENET_MEAN, std: IMAGENET_STD },
  dinov2_with_registers: { mean: IMAGENET_MEAN, std: IMAGENET_STD },
};

export const isHuggingFaceVit = (fields: FieldReader): boolean =>
  Object.hasOwn(HUGGING_FACE, String(fields.raw("model_type")));

/** ViTConfig, DeiTConfig, Dinov2Config or Dinov2WithRegistersConfig. Unknown fields are passed over, as for CLIPModel. */
export function parseHuggingFaceVit(fields: FieldReader): ModelConfig {
  const type = String(fields.raw("model_type"));
  const dino = type.startsWith("dinov2");
  const width = fields.size("hidden_size", MAX_WIDTH, 768);
  const swiglu = dino && fields.flag("use_swiglu_ffn", false);
  const hidden = dino ? mlpWidth(fields, width) : fields.size("intermediate_size", 4 * MAX_WIDTH, 3072);
  const registers =
    type === "dinov2_with_registers" ? (countOf(fields, "num_register_tokens") ?? 4) : undefined;
  if (!fields.flag("qkv_bias", true)) fields.fail("qkv_bias", "must be true", false);
  const vision: VisionConfig = {
    imageSize: squareSize(fields, "image_size", 224),
    patch: squareSize(fields, "patch_size", dino ? 14 : 16),
    width,
    layers: fields.size("num_hidden_layers", MAX_LAYERS, 12),
    heads: fields.size("num_attention_heads", MAX_WIDTH, 12),
    mlpWidth: swiglu ? gatedWidth(hidden) : hidden,
    ...PLAIN_TOWER,
    lnEps: fields.positive("layer_norm_eps", 1, dino ? TIMM_EPS : 1e-12),
    // DeiTModel has both class tokens always; DeiT without the second is a ViTModel there.
    ...(type === "deit" && { distilled: true }),
    ...dinoParts({ registers, layerScale: dino, swiglu }),
    ...positionRule(fields, dino, registers),
  };
  const activation: Activation = fields.oneOf("hidden_act", ["gelu", "quick_gelu"]);
  const compared = parseCompared(fields, vision.layers);
  const preprocess: PreprocessConfig = {
    size: vision.imageSize,
    ...HUGGING_FACE[type],
    interpolation: "bicubic",
  };
  return { kind: "vit", embedDim: width, activation, vision, preprocess, ...compared };
}

/** Hidden values of SwiGLU for as many parameters as an MLP of that width has, in whole groups of eight. */
const gatedWidth = (hidden: number): number => Math.floor((Math.floor((hidden * 2) / 3) + 7) / 8) * 8;

/** Only what a tower has is named. */
const dinoParts = ({
  registers,
  layerScale,
  swiglu,
}: Pick<VisionConfig, "registers" | "layerScale" | "swiglu">) => ({
  ...(layerScale && { layerScale }),
  ...(registers && { registers }),
  ...(swiglu && { swiglu }),
});

/** A whole number, zero included; undefined where the field is absent. */
const countOf = (fields: FieldReader, key: string): number | undefined =>
  fields.has(key) ? (fields.raw(key) === 0 ? 0 : fields.size(key, MAX_REGISTERS)) : undefined;

/** The rule of DINOv2's own code for its model, unless the configuration says another. */
function positionRule(fields: FieldReader, dino: boolean, registers = 0): { positions?: PositionRule } {
  const antialias = fields.flag("interpolate_antialias", registers > 0);
  const offset = fields.raw("interpolate_offset") ?? (antialias ? 0 : OFFSET);
  if (offset !== 0 && (offset !== OFFSET || antialias))
    fields.fail("interpolate_offset", `must be 0, or without antialiasing ${OFFSET}`, offset);
  if (!dino && !fields.has("interpolate_antialias") && !fields.has("interpolate_offset")) return {};
  return { positions: antialias ? "antialias" : offset === 0 ? "plain" : "offset" };
}
