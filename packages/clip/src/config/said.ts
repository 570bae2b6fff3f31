// What the files beside published weights say of their model.
import { ClipError } from "../errors.js";
import { parseConfig } from "./parse.js";
import { huggingFacePixels, openClipPixels, type SaidPixels, timmPixels } from "./pixels.js";
import { FieldReader } from "./reader.js";
import type { Activation, ModelConfig } from "./types.js";

/** A whole configuration, or single settings beside what the tensors tell. */
export interface Said extends Partial<SaidPixels> {
  readonly whole?: ModelConfig;
  readonly activation?: Activation;
  readonly heads?: number;
}

/**
 * Reads a model's `config.json` or `open_clip_config.json`: all that `parseConfig` reads, Hugging Face's CLIPVisionModel, and timm's on
 * the hub, which names an architecture and the preprocessing.
 *
 * @returns undefined for JSON that describes no model.
 * @throws ClipError `config`, naming the file.
 */
export function parseModelFile(text: string, path: string): Said | undefined {
  return named(path, () => {
    const fields = FieldReader.of(text);
    const type = fields.text("model_type");
    if (fields.has("pretrained_cfg") || (fields.has("architecture") && !fields.has("img_size")))
      return parseTimmHub(fields);
    if (type === "clip_vision_model")
      return {
        whole: parseConfig({
          projection_dim: fields.raw("projection_dim") ?? null,
          vision_config: fields.raws(),
        }),
      };
    if (type === "clip")
      return { whole: parseConfig({ ...fields.raws(), text_config: fields.raw("text_config") ?? {} }) };
    if (fields.has("vision_config") && type !== undefined)
      fields.fail("model_type", 'must be of a model that is read here, such as "clip"', type);
    const known = ["vision_cfg", "model_cfg", "vision_config", "img_size", "model_type"].some((key) =>
      fields.has(key),
    );
    if (!known) return undefined;
    const pixels = fields.has("preprocess_cfg") ? openClipPixels(fields.inside("preprocess_cfg")) : {};
    return { whole: parseConfig(fields.raws()), ...pixels };
  });
}

/** timm's file on the hub. */
function parseTimmHub(fields: FieldReader): Said {
  const architecture = fields.text("architecture") ?? "";
  const cfg = fields.has("pretrained_cfg") ? fields.inside("pretrained_cfg") : fields;
  const args = fields.has("model_args") ? fields.inside("model_args") : undefined;
  const act = args?.has("act_layer") ? args.oneOf("act_layer", ["gelu", "quick_gelu"]) : undefined;
  return {
    activation: act ?? (/quickgelu/.test(architecture) ? "quick_gelu" : "gelu"),
    ...(args?.has("num_heads") && { heads: args.size("num_heads", 1024) }),
    ...timmPixels(cfg),
  };
}

/** Reads Hugging Face's `preprocessor_config.json`. @throws ClipError `config`, naming the file. */
export function parseProcessor(text: string, path: string): Said {
  return named(path, () => huggingFacePixels(FieldReader.of(text)));
}

/** Puts the file's name before the errors of `read`. */
function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ClipError)) throw error;
    throw new ClipError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}
