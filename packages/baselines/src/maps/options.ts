import { type Backbone, type Detector, type MethodInput, option, type Tap } from "@inctrl/detect";
import { ResNetBackbone } from "../resnet/backbone.js";
import type { Border, PixelMapOptions, Upsampling } from "./pixel-maps.js";

/** Options of every method that compares layers and blurs maps. */
export const MAP_OPTIONS = {
  layers: option.custom<readonly Tap[], undefined>(
    undefined,
    "layers or blocks that are compared",
    "numbers from 1 in rising order, such as 1,2,3",
    (given) => {
      const taps = (Array.isArray(given) ? given : String(given).split(",")).map(Number);
      return taps.every((tap, i) => Number.isInteger(tap) && tap > (taps[i - 1] ?? 0)) ? taps : undefined;
    },
    "the method's own of a ResNet, the backbone's of a ViT",
  ),
  blur: option.number(4, "deviation of the map's blur in pixels; 0: none", { least: 0, most: 100 }),
  border: option.choice("symmetric", "how the blur goes on beyond edges", ["symmetric", "mirror"]),
};

/** How images become pixels of a ResNet; a ViT keeps its own way. */
export const pixelsOption = <const D extends "lanczos" | "bilinear">(byDefault: D) =>
  option.choice<"lanczos" | "bilinear" | "square", D>(
    byDefault,
    "pixels of a ResNet: 256 by a filter and the middle 224, or a square of 256 without rounding",
    ["lanczos", "bilinear", "square"],
  );

/** What an encoder does for these options. @param own layers of a ResNet. @param features whether the method looks at whole images. */
export function layerInput(
  backbone: Backbone,
  { layers, pixels }: { layers?: readonly Tap[]; pixels: "lanczos" | "bilinear" | "square" },
  own: readonly Tap[],
  features = false,
): MethodInput {
  if (!(backbone instanceof ResNetBackbone)) return { taps: layers ?? backbone.defaultTaps, raw: true };
  const square = pixels === "square";
  return {
    ...{ taps: layers ?? own, raw: true, features, ...(square && { fit: "squash" as const }) },
    preprocess: {
      ...{ size: square ? 256 : 224, resize: 256, rgbFirst: true },
      ...(square ? { interpolation: "bilinear", unrounded: true } : { interpolation: pixels }),
    },
  };
}

/** How patches become pixels for these options. */
export const mapOptions = (
  { blur, border }: { blur: number; border: Border },
  upsampling?: Upsampling,
): PixelMapOptions => ({
  ...(blur > 0 && { blur: { sigma: blur, border } }),
  ...(upsampling && { upsampling }),
});

/** Values of options as a report names them: what a detector tells of its settings. */
export const settingsOf =
  (settings: object): Detector["settings"] =>
  async () =>
    Object.fromEntries(
      Object.entries(settings)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, String(value)]),
    );
