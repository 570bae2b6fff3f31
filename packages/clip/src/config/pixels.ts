// What the files beside published weights say of how images become pixels: OpenCLIP's, timm's and Hugging Face's words for one thing.
import type { Filter } from "../preprocess/filters.js";
import type { FieldReader } from "./reader.js";
import type { PreprocessConfig } from "./types.js";

/** What is said of pixels, and what of it is not done here, each as the rest of a sentence that begins with the file. */
export interface SaidPixels {
  readonly preprocess: Partial<Pick<PreprocessConfig, "size" | "mean" | "std" | "interpolation" | "resize">>;
  readonly otherwise: readonly string[];
}

/** `preprocess_cfg` of OpenCLIP. */
export function openClipPixels(fields: FieldReader): SaidPixels {
  const mode = fields.text("resize_mode") ?? "shortest";
  return said(fields, ["mean", "std"], fields.text("interpolation"), square(fields, "size"), undefined, [
    mode === "squash" && SQUASHED,
    mode === "longest" && "its images were padded to a square; here the middle square is taken",
  ]);
}

/** `pretrained_cfg` of timm, whose `crop_pct` is the share of the resized image that is kept. */
export function timmPixels(fields: FieldReader): SaidPixels {
  const shape = fields.raw("input_size");
  const size = Array.isArray(shape) && typeof shape[2] === "number" ? shape[2] : undefined;
  if (size !== undefined && (shape as number[])[1] !== size)
    fields.fail("input_size", "must be of a square", shape);
  const share = fields.positive("crop_pct", 1, 1);
  const mode = fields.text("crop_mode") ?? "center";
  const resize = size !== undefined && mode === "center" ? Math.floor(size / share) : undefined;
  return said(fields, ["mean", "std"], fields.text("interpolation"), size, resize, [
    mode === "squash" && SQUASHED,
    mode === "border" && "its images were padded to a square; here the middle square is taken",
  ]);
}

/** Pillow's numbers of its filters. */
const RESAMPLE = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

/** Hugging Face's `preprocessor_config.json`. */
export function huggingFacePixels(fields: FieldReader): SaidPixels {
  const factor = fields.positive("rescale_factor", 1, 1 / 255);
  if (!fields.flag("do_rescale", true) || Math.abs(factor * 255 - 1) > 1e-6)
    fields.fail("rescale_factor", "must be 1/255, which the mean and deviation of a network go with", factor);
  const cropped = fields.flag("do_center_crop", fields.has("crop_size"));
  const resized = fields.flag("do_resize", true);
  const [whole, crop] = [square(fields, "size"), cropped ? square(fields, "crop_size") : undefined];
  if (whole !== undefined && crop !== undefined && whole < crop)
    fields.fail("crop_size", `must be at most the size, ${whole}`, crop);
  const number = fields.raw("resample");
  const filter = typeof number === "number" ? (RESAMPLE[number] ?? `filter ${number}`) : undefined;
  const plain = fields.flag("do_normalize", true) ? {} : ({ mean: [0, 0, 0], std: [1, 1, 1] } as const);
  const { size } = Object(fields.raws()) as { size?: object };
  const pixels = said(fields, ["image_mean", "image_std"], filter, crop ?? whole, crop && whole, [
    !resized && "its images were not resized; here they are",
    resized && crop === undefined && Object(size).height !== undefined && SQUASHED,
  ]);
  return { ...pixels, preprocess: { ...pixels.preprocess, ...plain } };
}

const SQUASHED =
  "its images were squashed to a square; here the middle square is taken, unless fit squash is asked for";

const FILTERS: readonly string[] = ["bicubic", "bilinear", "lanczos"] satisfies Filter[];

function said(
  fields: FieldReader,
  [mean, std]: readonly [string, string],
  filter: string | undefined,
  size: number | undefined,
  resize: number | undefined,
  otherwise: readonly (string | false)[],
): SaidPixels {
  const known = filter !== undefined && FILTERS.includes(filter);
  return {
    preprocess: {
      ...(fields.has(mean) && { mean: fields.triple(mean, [0, 0, 0], 0) }),
      ...(fields.has(std) && { std: fields.triple(std, [1, 1, 1], 1e-3) }),
      ...(known && { interpolation: filter as Filter }),
      ...(size !== undefined && { size }),
      ...(size !== undefined && resize !== undefined && resize > size && { resize }),
    },
    otherwise: [
      filter !== undefined &&
        !known &&
        `its images were resized by ${filter}; here they are by bicubic interpolation`,
      ...otherwise,
    ].filter((word) => word !== false),
  };
}

/** A size as these files write it: a number, two, `shortest_edge`, or height and width. @throws ClipError `config` for no square. */
function square(fields: FieldReader, key: string): number | undefined {
  const value = fields.raw(key);
  const { shortest_edge, height, width } = Object(value) as Record<string, unknown>;
  const [a, b = a] = Array.isArray(value)
    ? value
    : [value, shortest_edge].filter((side) => typeof side === "number");
  const [down, across] = a === undefined ? [height, width] : [a, b];
  if (down !== across) fields.fail(key, "must be of a square", value);
  return typeof across === "number" ? across : undefined;
}
