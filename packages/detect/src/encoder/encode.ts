import { normalizePixels, normalTable, type PreprocessConfig } from "@inctrl/clip";
import { bytePlanes, concat, type Device, scope, stack, type Tensor, tensor } from "@inctrl/tensor";
import type { Backbone, Tap, ViewSize } from "../backbone/backbone.js";
import { DetectError } from "../errors.js";
import type { View } from "../images/augmentation.js";
import { type DeviceView, isOnDevice } from "./device-views.js";
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
  views: readonly (View | DeviceView)[],
  options: EncodeViewsOptions = {},
): Features {
  const { taps, features, layouts, preprocess, size } = laidOut(backbone, views, options);
  using input = scope(() => inputOf(backbone.device, views, size, preprocess));
  return { ...backbone.encode(input, taps, { features }), layouts };
}

/** The same by the engine that computes beside the device. */
export async function encodeViewsApart(
  backbone: Backbone & Required<Pick<Backbone, "encodeApart">>,
  views: readonly View[],
  options: EncodeViewsOptions = {},
): Promise<Features> {
  const { taps, features, layouts, preprocess, size } = laidOut(backbone, views, options);
  const pixels = normalised(views, size, preprocess);
  return { ...(await backbone.encodeApart(pixels, size, taps, { features })), layouts };
}

/** Whether a backbone's engine computes beside the device. */
export const isApart = (backbone: Backbone): backbone is Backbone & Required<Pick<Backbone, "encodeApart">> =>
  backbone.encodeApart !== undefined;

/** What a backbone takes of some views. */
function laidOut(
  backbone: Backbone,
  views: readonly (View | DeviceView)[],
  { taps = backbone.defaultTaps, preprocess = backbone.preprocess, features }: EncodeViewsOptions,
) {
  const [{ width, height }] = views;
  const layouts = taps.map((tap) => backbone.layout(tap, { width, height }));
  if (views.some((view) => view.width !== width || view.height !== height))
    throw new DetectError("views", "views of several sizes cannot be encoded together; encode them apart");
  return { taps, features, layouts, preprocess, size: { width, height, count: views.length } };
}

/** Normalised planes of views, one view after the other. */
function normalised(
  views: readonly View[],
  { width, height }: ViewSize,
  preprocess: PreprocessConfig,
): Float32Array {
  const plane = 3 * width * height;
  const pixels = new Float32Array(views.length * plane);
  for (const [i, view] of views.entries()) normalizePixels(view.pixels, preprocess, pixels, i * plane);
  return pixels;
}

/** The same as a tensor, [views, 3, height, width], of pixels that are on the device too. */
function inputOf(
  device: Device,
  views: readonly (View | DeviceView)[],
  size: ViewSize,
  preprocess: PreprocessConfig,
): Tensor {
  const parts: Tensor[] = [];
  for (let rest = views; rest.length > 0; ) {
    const held = firstOf(rest, isOnDevice);
    const others = firstOf(rest.slice(held.length), (view): view is View => !isOnDevice(view));
    if (held.length > 0) {
      const table = tensor(device, normalTable(preprocess), [3, 256]);
      parts.push(bytePlanes(stack(held.map(({ pixels }) => pixels)), table));
    }
    if (others.length > 0)
      parts.push(
        tensor(device, normalised(others, size, preprocess), [others.length, 3, size.height, size.width]),
      );
    rest = rest.slice(held.length + others.length);
  }
  return concat(parts);
}

/** What a list begins with of a kind. */
function firstOf<T, K extends T>(list: readonly T[], is: (each: T) => each is K): readonly K[] {
  const end = list.findIndex((each) => !is(each));
  return list.slice(0, end < 0 ? list.length : end) as K[];
}
