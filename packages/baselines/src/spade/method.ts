import { type Detector, defineMethod, type Encoder, option, patchesOf } from "@inctrl/detect";
import { mapDetector } from "../maps/map-detector.js";
import { layerInput, MAP_OPTIONS, mapOptions, pixelsOption, settingsOf } from "../maps/options.js";
import type { Border } from "../maps/pixel-maps.js";
import { References, type SpadeOptions, spadeMap } from "./spade.js";

type Settings = Required<SpadeOptions> & { readonly blur: number; readonly border: Border };

function spade(encoder: Encoder, settings: Settings): Detector {
  const { layouts, taps, backbone } = encoder;
  const side = encoder.preprocess.size;
  const size = { width: side, height: side };
  return mapDetector({
    ...{ name: "spade", encoder, settings: settingsOf(settings) },
    keep: (features, layers) => ({
      features,
      ...Object.fromEntries(layers.map((layer, i) => [`layer.${taps[i]}`, layer])),
    }),
    shapes: (views) => ({
      features: [views, backbone.embedDim],
      ...Object.fromEntries(
        layouts.map((layout, i) => [`layer.${taps[i]}`, [views, patchesOf(layout), layout.width]]),
      ),
    }),
    prepare({ features, ...layers }) {
      const references = new References(features, Object.values(layers));
      return {
        run(query) {
          const { score, layers, index } = references.score(query.features, query.taps, settings);
          const map = spadeMap(layers, layouts, size, mapOptions(settings));
          return { score, map, matches: { index, grid: layouts[0] } };
        },
        dispose: () => references.dispose(),
      };
    },
  });
}

/** SPADE (Cohen and Hoshen 2020). The score is of whole images, the map of their patches. */
export const spadeMethod = defineMethod({
  name: "spade",
  title: "SPADE: the distance to the nearest normal images, and to the patches of these",
  options: {
    neighbours: option.number(5, "normal images whose distances are averaged", { least: 1, whole: true }),
    metric: option.choice("euclidean", "distance of images", ["euclidean", "squared"]),
    pixelNeighbours: option.number(1, "patches whose distances are averaged", { least: 1, whole: true }),
    pixels: pixelsOption("lanczos"),
    ...MAP_OPTIONS,
  },
  presets: { paper: { neighbours: 50, metric: "squared" }, released: {} },
  input: (backbone, settings) => layerInput(backbone, settings, [1, 2, 3], true),
  create: spade,
});
