import { normalizePixels, type PreprocessConfig } from "@inctrl/clip";
import { tensor } from "@inctrl/tensor";
import type { Backbone, Tap } from "../backbone/backbone.js";
import { DetectError } from "../errors.js";
import type { View } from "../images/augmentation.js";
import type { Features } from "./features.js";

/** Which outputs of a network are wanted, and how images become its pixels. */
export interface EncodeViewsOptions {
  readonly taps?: readonly Tap[];
  readonly preprocess?: PreprocessConfig;
  /** Whether features of whole images are wanted; else they are 0. Default true. */
  readonly features?: boolean;
}

/**
 * Runs prepared images, one or more of one size, through a backbone.
 *
 * @param options default: the backbone's own.
 * @throws DetectError `views` for images of a size that it does not take.
 */
export function encodeViews(
  backbone: Backbone,
  views: readonly View[],
  options: EncodeViewsOptions = {},
): Features {
  const { taps, features, layouts, pixels, size } = laidOut(backbone, views, options);
  using input = tensor(backbone.device, pixels, [size.count, 3, size.height, size.width]);
  return { ...backbone.encode(input, taps, { features }), layouts };
}

/** The same by the engine that computes beside the device. */
export async function encodeViewsApart(
  backbone: Backbone & Required<Pick<Backbone, "encodeApart">>,
  views: readonly View[],
  options: EncodeViewsOptions = {},
): Promise<Features> {
  const { taps, features, layouts, pixels, size } = laidOut(backbone, views, options);
  return { ...(await backbone.encodeApart(pixels, size, taps, { features })), layouts };
}

/** Whether a backbone's engine computes beside the device. */
export const isApart = (backbone: Backbone): backbone is Backbone & Required<Pick<Backbone, "encodeApart">> =>
  backbone.encodeApart !== undefined;

/** What a backbone takes of some views. */
function laidOut(
  backbone: Backbone,
  views: readonly View[],
  { taps = backbone.defaultTaps, preprocess = backbone.preprocess, features }: EncodeViewsOptions,
) {
  const [{ width, height }] = views;
  const layouts = taps.map((tap) => backbone.layout(tap, { width, height }));
  const plane = 3 * width * height;
  const pixels = new Float32Array(views.length * plane);
  views.forEach((view, i) => {
    if (view.width !== width || view.height !== height)
      throw new DetectError("views", "views of several sizes cannot be encoded together; encode them apart");
    normalizePixels(view.pixels, preprocess, pixels, i * plane);
  });
  return { taps, features, layouts, pixels, size: { width, height, count: views.length } };
}
