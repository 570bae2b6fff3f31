import { DetectError, type Detector, defineMethod, type Encoder, option, patchesOf } from "@inctrl/detect";
import { reshape, scope, slice, stack, type Tensor, tensor } from "@inctrl/tensor";
import { mapDetector } from "../maps/map-detector.js";
import { layerInput, MAP_OPTIONS, pixelsOption, settingsOf } from "../maps/options.js";
import type { Border, Upsampling } from "../maps/pixel-maps.js";
import { chooseChannels, defaultChannels, embedLayers } from "./embedding.js";
import { Gaussians } from "./gaussians.js";
import { gaussianMaps } from "./maps.js";

interface Settings {
  readonly channels?: number | "all";
  readonly seed: number;
  readonly epsilon: number;
  readonly blur: number;
  readonly border: Border;
  readonly upsampling: Upsampling;
}

function padim(encoder: Encoder, settings: Settings): Detector {
  const { layouts, backbone } = encoder;
  const total = layouts.reduce((sum, { width }) => sum + width, 0);
  const { channels: asked = defaultChannels(total), seed, epsilon } = settings;
  const count = asked === "all" ? total : asked;
  if (count > total)
    throw new DetectError(
      "option",
      `channels of padim are ${count}, and its layers have ${total}; take at most these`,
    );
  const channels = chooseChannels(total, count, seed);
  const [grid] = layouts;
  const positions = patchesOf(grid);
  const embed = (taps: readonly Tensor[]) => embedLayers(taps, layouts, channels);
  return mapDetector({
    ...{ name: "padim", encoder, settings: settingsOf({ ...settings, channels: count }) },
    keep(_, taps) {
      const vectors = taps[0].shape[0];
      // View by view, since all together may be more than a device binds.
      const views = Array.from({ length: vectors }, (_, i) => {
        const own = scope(() => embed(taps.map((tap) => slice(tap, [[i, i + 1]]))));
        return [`vectors.${i}`, reshape(own, [positions, count])];
      });
      return { channels: tensor(backbone.device, channels), ...Object.fromEntries(views) };
    },
    shapes: (views) => ({
      channels: [count],
      ...Object.fromEntries(Array.from({ length: views }, (_, i) => [`vectors.${i}`, [positions, count]])),
    }),
    async prepare({ channels: kept, ...rest }) {
      const own = await kept.data();
      if (channels.some((channel, i) => channel !== own[i]))
        throw new DetectError(
          "bank",
          "the bank keeps other channels than these settings; make the bank again",
        );
      const views = Object.values(rest);
      const vectors = (start: number, end: number) => stack(views.map((view) => slice(view, [[start, end]])));
      const samples = { device: backbone.device, samples: views.length, positions, width: count, vectors };
      const gaussians = Gaussians.fit(samples, epsilon);
      return gaussianMaps(gaussians, embed, grid, { side: encoder.preprocess.size, ...settings });
    },
  });
}

/** PaDiM (Defard et al. 2021). The score is the maximum of the map. */
export const padimMethod = defineMethod({
  name: "padim",
  title: "PaDiM: the Mahalanobis distance to a Gaussian at each position",
  options: {
    channels: option.custom<number | "all", undefined>(
      undefined,
      "channels that are kept, drawn at random",
      "a whole number from 1, or all",
      (given) => {
        if (given === "all") return given;
        const count = Number(given);
        return Number.isInteger(count) && count > 0 ? count : undefined;
      },
      "550, or 100 of the 448 of a small ResNet",
    ),
    seed: option.number(1024, "of the draw, as Python's", { least: 0, most: 2 ** 32 - 1, whole: true }),
    epsilon: option.number(0.01, "added to the diagonal of covariances", { least: 1e-6 }),
    upsampling: option.choice("bilinear", "how patches become pixels", ["bilinear", "bicubic"]),
    pixels: pixelsOption("lanczos"),
    ...MAP_OPTIONS,
  },
  presets: {
    paper: { upsampling: "bicubic" },
    released: {},
    anomalib: { epsilon: 0.01001, border: "mirror", pixels: "square" },
  },
  input: (backbone, settings) => layerInput(backbone, settings, [1, 2, 3]),
  create: padim,
});
