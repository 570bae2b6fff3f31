// What the files beside published weights say of their model.
import { ClipError } from "../errors.js";
import { parseConfig } from "./parse.js";
import { FieldReader } from "./reader.js";
import type { Activation, ModelConfig, PreprocessConfig } from "./types.js";

/** A whole configuration, or single settings beside what the tensors tell. */
export interface Said {
  readonly whole?: ModelConfig;
  readonly activation?: Activation;
  readonly heads?: number;
  readonly preprocess?: Partial<Pick<PreprocessConfig, "size" | "mean" | "std">>;
  /** How images are resized, where it is named. */
  readonly interpolation?: string;
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
    const resized = fields.has("preprocess_cfg")
      ? fields.inside("preprocess_cfg").text("interpolation")
      : undefined;
    return { whole: parseConfig(fields.raws()), interpolation: resized };
  });
}

/** timm's file on the hub. */
function parseTimmHub(fields: FieldReader): Said {
  const architecture = fields.text("architecture") ?? "";
  const cfg = fields.has("pretrained_cfg") ? fields.inside("pretrained_cfg") : fields;
  const args = fields.has("model_args") ? fields.inside("model_args") : undefined;
  const act = args?.has("act_layer") ? args.oneOf("act_layer", ["gelu", "quick_gelu"]) : undefined;
  const size = cfg.raw("input_size");
  return {
    activation: act ?? (/quickgelu/.test(architecture) ? "quick_gelu" : "gelu"),
    ...(args?.has("num_heads") && { heads: args.size("num_heads", 1024) }),
    preprocess: {
      ...pixels(cfg, "mean", "std"),
      ...(Array.isArray(size) && typeof size[2] === "number" && { size: size[2] }),
    },
    interpolation: cfg.text("interpolation"),
  };
}

/** Pillow's numbers of its filters. */
const RESAMPLE = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

/** Reads Hugging Face's `preprocessor_config.json`. @throws ClipError `config`, naming the file. */
export function parseProcessor(text: string, path: string): Said {
  return named(path, () => {
    const fields = FieldReader.of(text);
    const size = sideOf(
      fields.raw(fields.flag("do_center_crop", fields.has("crop_size")) ? "crop_size" : "size"),
    );
    const resample = fields.raw("resample");
    const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
    return {
      preprocess: {
        ...(fields.flag("do_normalize", true) ? pixels(fields, "image_mean", "image_std") : plain),
        ...(size !== undefined && { size }),
      },
      ...(typeof resample === "number" && { interpolation: RESAMPLE[resample] ?? `filter ${resample}` }),
    };
  });
}

/** Mean and deviation, where they are named. */
const pixels = (fields: FieldReader, mean: string, std: string) => ({
  ...(fields.has(mean) && { mean: fields.triple(mean, [0, 0, 0], 0) }),
  ...(fields.has(std) && { std: fields.triple(std, [1, 1, 1], 1e-3) }),
});

/** A size as Hugging Face writes it: a number, `shortest_edge`, or height and width. */
function sideOf(size: unknown): number | undefined {
  const { shortest_edge, width } = (typeof size === "object" && size !== null ? size : {}) as Record<
    string,
    unknown
  >;
  return [size, shortest_edge, width].find((side): side is number => typeof side === "number");
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
