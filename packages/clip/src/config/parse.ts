// Configurations as they are published (OpenCLIP, Hugging Face CLIP; others in parse-vit.ts), read into one ModelConfig.
import { ClipError } from "../errors.js";
import { MAX_LAYERS, MAX_WIDTH, mlpWidth, parseCompared, squareSize } from "./common.js";
import { isHuggingFaceVit, parseHuggingFaceVit, parseTimm } from "./parse-vit.js";
import { openClipPixels } from "./pixels.js";
import { FieldReader } from "./reader.js";
import {
  type Activation,
  CLIP_MEAN,
  CLIP_STD,
  gridSize,
  type ModelConfig,
  type PreprocessConfig,
  type TextConfig,
  type VisionConfig,
} from "./types.js";

const MAX_VOCAB = 1_048_576;
const MAX_CONTEXT = 65_536;
const MAX_LOGIT_SCALE = 1000;

/** The parts in which CLIP's image tower differs from a plain one. */
const CLIP_TOWER = { lnPre: true, patchBias: false, proj: true };

/** The first is Hugging Face's default. */
const ACTIVATIONS = ["quick_gelu", "gelu"] as const;
export const CLIP_EPS = 1e-5;

/**
 * Reads a model configuration in the JSON of OpenCLIP (plain, or with `model_cfg` and `preprocess_cfg` as on
 * the hub), of Hugging Face's CLIPModel, ViT, DeiT or DINOv2, of a timm ViT, or of DINOv2's own code. Sizes are checked and
 * unknown settings refused.
 *
 * @param text JSON, or the parsed value.
 * @throws ClipError `config`.
 * @example
 * const config = parseConfig(await readFile("config.json", "utf8"))
 * config.vision.heads
 */
export function parseConfig(text: unknown): ModelConfig {
  const fields = FieldReader.of(text);
  const config = fields.has("model_cfg")
    ? parseHub(fields)
    : fields.has("vision_config")
      ? parseHuggingFace(fields)
      : fields.has("img_size")
        ? parseTimm(fields)
        : isHuggingFaceVit(fields)
          ? parseHuggingFaceVit(fields)
          : parseOpenClip(fields);
  checkHeads(config);
  return config;
}

/** OpenCLIP's file on the hub: the model, and how its images are prepared. */
function parseHub(fields: FieldReader): ModelConfig {
  const config = parseOpenClip(fields.inside("model_cfg"));
  if (!fields.has("preprocess_cfg")) return config;
  const { size: _, ...pixels } = openClipPixels(fields.inside("preprocess_cfg")).preprocess;
  return { ...config, preprocess: { ...config.preprocess, ...pixels } };
}

function parseOpenClip(fields: FieldReader): ModelConfig {
  if (!fields.has("vision_cfg"))
    throw new ClipError(
      "config",
      "config: has no vision_cfg, vision_config or img_size; give an OpenCLIP, CLIPModel or timm ViT configuration",
    );
  const embedDim = fields.size("embed_dim", MAX_WIDTH);
  const activation: Activation = fields.flag("quick_gelu", false) ? "quick_gelu" : "gelu";
  const seen = fields.inside("vision_cfg");
  const width = seen.size("width", MAX_WIDTH);
  const headWidth = seen.size("head_width", MAX_WIDTH, 64);
  if (width % headWidth !== 0) seen.fail("head_width", `must divide the width ${width}`, headWidth);
  const vision: VisionConfig = {
    imageSize: squareSize(seen, "image_size"),
    patch: squareSize(seen, "patch_size"),
    width,
    layers: seen.size("layers", MAX_LAYERS),
    heads: width / headWidth,
    mlpWidth: mlpWidth(seen, width),
    ...CLIP_TOWER,
    lnEps: CLIP_EPS,
  };
  seen.end();
  const text = fields.has("text_cfg") && { text: parseText(fields.inside("text_cfg")) };
  const compared = parseCompared(fields, vision.layers);
  fields.ignore("name", "description");
  fields.end();
  const preprocess = clipPreprocess(vision);
  return { kind: "clip", embedDim, activation, vision, ...text, preprocess, ...compared };
}

function parseText(fields: FieldReader): TextConfig {
  const width = fields.size("width", MAX_WIDTH);
  const text: TextConfig = {
    contextLength: fields.size("context_length", MAX_CONTEXT, 77),
    vocabSize: fields.size("vocab_size", MAX_VOCAB, 49408),
    width,
    layers: fields.size("layers", MAX_LAYERS),
    heads: fields.size("heads", MAX_WIDTH),
    mlpWidth: mlpWidth(fields, width),
    lnEps: CLIP_EPS,
    ...(fields.has("logit_scale") && { logitScale: fields.positive("logit_scale", MAX_LOGIT_SCALE) }),
  };
  fields.end();
  return text;
}

/** Unknown fields are passed over, since Hugging Face writes every default of its base class into these objects. */
function parseHuggingFace(fields: FieldReader): ModelConfig {
  const seen = fields.inside("vision_config");
  const embedDim = fields.size("projection_dim", MAX_WIDTH, 512);
  const vision: VisionConfig = {
    imageSize: squareSize(seen, "image_size", 224),
    patch: squareSize(seen, "patch_size", 32),
    ...huggingFaceTower(seen, { width: 768, mlpWidth: 3072, heads: 12 }),
    ...CLIP_TOWER,
  };
  const activation = seen.oneOf("hidden_act", ACTIVATIONS);
  const said = fields.has("text_config") ? fields.inside("text_config") : undefined;
  const text = said && {
    contextLength: said.size("max_position_embeddings", MAX_CONTEXT, 77),
    vocabSize: said.size("vocab_size", MAX_VOCAB, 49408),
    ...huggingFaceTower(said, { width: 512, mlpWidth: 2048, heads: 8 }),
  };
  if (said && said.oneOf("hidden_act", ACTIVATIONS) !== activation)
    said.fail("hidden_act", "must be the same in both towers", said.raw("hidden_act"));
  const compared = parseCompared(fields, vision.layers);
  const preprocess = clipPreprocess(vision);
  return { kind: "clip", embedDim, activation, vision, ...(text && { text }), preprocess, ...compared };
}

function huggingFaceTower(fields: FieldReader, base: { width: number; mlpWidth: number; heads: number }) {
  return {
    width: fields.size("hidden_size", MAX_WIDTH, base.width),
    layers: fields.size("num_hidden_layers", MAX_LAYERS, 12),
    heads: fields.size("num_attention_heads", MAX_WIDTH, base.heads),
    mlpWidth: fields.size("intermediate_size", 4 * MAX_WIDTH, base.mlpWidth),
    lnEps: fields.positive("layer_norm_eps", 1, CLIP_EPS),
  };
}

function clipPreprocess({ imageSize: size }: VisionConfig): PreprocessConfig {
  return { size, mean: CLIP_MEAN, std: CLIP_STD, interpolation: "bicubic" };
}

function checkHeads({ vision, text }: ModelConfig): void {
  const refuse = (why: string) => new ClipError("config", `config: ${why}`);
  for (const [where, tower] of Object.entries({ vision, text }))
    if (tower && tower.width % tower.heads !== 0)
      throw refuse(`the ${where} width ${tower.width} does not divide into ${tower.heads} heads`);
  if (gridSize(vision) < 1)
    throw refuse(`a patch of ${vision.patch} is larger than the image of ${vision.imageSize}`);
}
