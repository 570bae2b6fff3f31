import { DetectError, type Detector, defineMethod, type Encoder, option, patchesOf } from "@inctrl/detect";
import { cast, gather, packRows, reshape, type Tensor, tensor } from "@inctrl/tensor";
import { onGrid } from "../maps/grid.js";
import { mapDetector } from "../maps/map-detector.js";
import { layerInput, MAP_OPTIONS, mapOptions, pixelsOption, settingsOf } from "../maps/options.js";
import { type Border, pixelMaps, type Upsampling } from "../maps/pixel-maps.js";
import { type CoresetOptions, coreset } from "./coreset.js";
import { type EmbeddingOptions, openEmbedder } from "./embedding.js";
import { type PatchScoreOptions, scorePatches } from "./scoring.js";

interface Settings
  extends Required<EmbeddingOptions>,
    Required<PatchScoreOptions>,
    Required<Pick<CoresetOptions, "start" | "seed">> {
  readonly coreset: number;
  readonly projection: number | "sparse";
  readonly upsampling: Upsampling;
  readonly blur: number;
  readonly border: Border;
}

function patchcore(encoder: Encoder, settings: Settings): Detector {
  const { layouts, backbone } = encoder;
  const { embedding, pretrainDim, targetDim, patchSize, upsampling } = settings;
  if (patchSize % 2 === 0)
    throw new DetectError("option", `patchSize of patchcore is ${patchSize}; neighbourhoods have odd sides`);
  const widths = layouts.map(({ width }) => width);
  const [grid] = layouts;
  const patches = patchesOf(grid);
  const side = encoder.preprocess.size;
  const size = { width: side, height: side };
  /** How rows were made, which a bank must agree with. */
  const recipe = [embedding === "concat" ? 1 : 0, pretrainDim, targetDim, patchSize];
  const width = embedding === "concat" ? widths.reduce((a, b) => a + b) : targetDim;
  const chosen = (rows: number) => Math.max(1, Math.floor(settings.coreset * rows));
  const whole = settings.coreset === 1;
  const open = () => openEmbedder(backbone.device, widths, settings);
  return mapDetector({
    ...{ name: "patchcore", encoder, settings: settingsOf(settings) },
    keep(_, taps) {
      using embedder = open();
      const rows = reshape(embedder.embed(taps, layouts), [-1, width]);
      const kept = { recipe: tensor(backbone.device, recipe) };
      if (whole) return { ...kept, rows };
      const { start, seed, projection } = settings;
      const index = coreset(rows, chosen(rows.shape[0]), { start, seed, projection: projection || null });
      return { ...kept, rows: gather(rows, index), sources: cast(index, "float32") };
    },
    shapes: (views) => {
      const count = chosen(views * patches);
      return { recipe: [recipe.length], rows: [count, width], ...(!whole && { sources: [count] }) };
    },
    async prepare({ recipe: kept, rows, sources }: { recipe: Tensor; rows: Tensor; sources?: Tensor }) {
      const own = await kept.data();
      if (recipe.some((value, i) => value !== own[i]))
        throw new DetectError(
          "bank",
          "the bank's patches were embedded with other settings; make the bank again",
        );
      const [bank, embedder] = [packRows(rows), open()];
      const places = sources && cast(sources, "int32");
      return {
        run({ taps }) {
          const found = scorePatches(embedder.embed(taps, layouts), bank, settings);
          const map = pixelMaps(onGrid(found.patches, grid), size, mapOptions(settings, upsampling));
          const index = places ? gather(places, found.index) : found.index;
          return { score: found.score, map, matches: { index, grid } };
        },
        dispose() {
          for (const each of [bank, embedder, places]) each?.dispose();
        },
      };
    },
  });
}

const WIDTH = option.number(128, "", { least: 0, whole: true });

/** PatchCore (Roth et al. 2022). The score is the largest distance of a patch, before the map is upsampled and blurred. */
export const patchcoreMethod = defineMethod({
  name: "patchcore",
  title: "PatchCore: the distance of neighbourhoods of patches to a bank of normal ones",
  options: {
    coreset: option.number(1, "share of the bank that is kept, by farthest points", { least: 1e-6, most: 1 }),
    start: option.choice("mean", "how the first row of a coreset is found", ["norm", "mean", "first"]),
    projection: option.custom<number | "sparse", number>(
      128,
      "width in which a coreset is chosen; 0: that of the rows; sparse: as anomalib draws it",
      "a whole number, or sparse",
      (given) => (given === "sparse" ? given : WIDTH.read(given)),
    ),
    seed: option.number(0, "of a coreset's draws", { least: 0, most: 2 ** 32 - 1, whole: true }),
    embedding: option.choice("pool", "pool: averaged along channels; concat: all channels", [
      "pool",
      "concat",
    ]),
    pretrainDim: option.number(1024, "values of a layer's neighbourhood", {
      least: 1,
      most: 8192,
      whole: true,
    }),
    targetDim: option.number(1024, "values of a patch", { least: 1, most: 8192, whole: true }),
    patchSize: option.number(3, "side of a neighbourhood, odd", { least: 1, most: 31, whole: true }),
    neighbours: option.number(1, "bank rows whose distances are averaged", { least: 1, whole: true }),
    distance: option.choice("euclidean", "distance of a patch to a row", ["euclidean", "squared"]),
    reweight: option.number(9, "b of equation 7; 0: the score is not weighed", { least: 0, whole: true }),
    upsampling: option.choice("bilinear", "how patches become pixels", ["bilinear", "nearest"]),
    pixels: pixelsOption("bilinear"),
    ...MAP_OPTIONS,
  },
  presets: {
    paper: {},
    released: { coreset: 0.1, distance: "squared", reweight: 0 },
    anomalib: {
      ...{ coreset: 0.1, start: "first", embedding: "concat", upsampling: "nearest", border: "mirror" },
      ...{ pixels: "square", projection: "sparse" },
    },
  },
  input: (backbone, settings) => layerInput(backbone, settings, [2, 3]),
  create: patchcore,
});
