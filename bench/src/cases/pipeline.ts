import { findConfig } from "@inctrl/clip";
import type { Case } from "../case.js";
import { drawPictures } from "../pictures.js";
import { towerOperations } from "../towers.js";
import { arithmetic, ours } from "./contestants.js";

const SMALL = "deit_tiny_patch16_224";
/** The backbone of the paper. */
const LARGE = "ViT-B-16-plus-240";

/** How a row counts `count` images. */
const imagesOf = (model: string, count: number) => ({
  work: (count * towerOperations(findConfig(model))) / 1e9,
  units: { count, unit: "images/s" },
});

/** Models with the number of images. */
const RUNS = [
  [SMALL, 1],
  [SMALL, 16],
  [SMALL, 64],
  [LARGE, 1],
] as const;
const SHOTS = [2, 8];

export const score: Case = {
  name: "score",
  title:
    "Image files to scores, from decoding to reading the maps; untrained weights, K prompts already encoded",
  async *run(bench) {
    const runs = bench.quick ? RUNS.slice(0, 1) : RUNS;
    const { images, prompts } = await drawPictures(Math.max(...runs.map(([, count]) => count)));
    for (const [model, count] of runs) {
      const scored = SHOTS.map((shots) =>
        ours(
          "score",
          { model, images: images.slice(0, count), prompts: prompts.slice(0, shots) },
          {
            size: `${model}, ${count} ${count === 1 ? "image" : "images"}, K = ${shots}`,
            ...imagesOf(model, count),
          },
        ),
      );
      yield* await bench.compare({
        case: "score",
        size: `${model}, ${count}`,
        unit: "GFLOP/s",
        contestants: [arithmetic(bench.quick), ...scored],
      });
    }
  },
};

export const trainStep: Case = {
  name: "train-step",
  title: "A step of training the heads, DeiT-Tiny's features in the cache",
  async *run(bench) {
    const [batch, shots] = bench.quick ? [4, 1] : [48, 4];
    const contestants = (bench.quick ? [true] : [false, true]).map((remembered) =>
      ours(
        "trainStep",
        { model: SMALL, batch, shots, remembered },
        {
          size: `${batch} images, K = ${shots}, pairs ${remembered ? "seen before" : "new"}`,
          units: { count: 1, unit: "steps/s" },
        },
      ),
    );
    yield* await bench.compare({ case: "train-step", size: `${batch} images`, unit: "steps/s", contestants });
  },
};

export const cacheFill: Case = {
  name: "cache-fill",
  title: "Image files to features in an empty cache on disk, for training",
  async *run(bench) {
    const count = bench.quick ? 2 : 32;
    const { images } = await drawPictures(count);
    const fill = ours("cacheFill", { model: SMALL, images }, imagesOf(SMALL, count));
    yield* await bench.compare({
      case: "cache-fill",
      size: `${SMALL}, ${count} images`,
      unit: "GFLOP/s",
      contestants: [arithmetic(bench.quick), fill],
    });
  },
};
