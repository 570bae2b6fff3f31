import { findConfig } from "@inctrl/clip";
import type { Bench, Contestant } from "../bench.js";
import type { Case } from "../case.js";
import { type Pictures, withPictures } from "../pictures.js";
import { towerOperations } from "../towers.js";
import { arithmetic } from "./contestants.js";

const SMALL = "deit_tiny_patch16_224";
/** The backbone of the paper. */
const LARGE = "ViT-B-16-plus-240";
const RUNS = [
  { model: SMALL, counts: [1, 16, 64] },
  { model: LARGE, counts: [1] },
];
const QUICK_RUNS = [{ model: SMALL, counts: [1] }];
const SHOTS = [2, 8];

export const score: Case = {
  name: "score",
  title:
    "Image files to scores, from decoding to reading the maps; untrained weights, K prompts already encoded",
  async *run(bench) {
    const runs = bench.quick ? QUICK_RUNS : RUNS;
    const most = Math.max(...runs.flatMap(({ counts }) => counts));
    const rows = await withPictures(most, async (pictures) => {
      const made = [];
      for (const { model, counts } of runs)
        for (const count of counts) made.push(...(await compare(bench, pictures, model, count)));
      return made;
    });
    yield* rows;
  },
};

function compare(bench: Bench, pictures: Pictures, model: string, count: number) {
  const scored = SHOTS.map(
    (shots): Contestant => ({
      subject: "ours",
      process: "ours",
      task: "score",
      sizes: { model, images: pictures.images.slice(0, count), prompts: pictures.prompts.slice(0, shots) },
      size: `${model}, ${count} ${count === 1 ? "image" : "images"}, K = ${shots}`,
      work: (count * towerOperations(findConfig(model))) / 1e9,
      units: { count, unit: "images/s" },
    }),
  );
  return bench.compare({
    case: "score",
    size: `${model}, ${count}`,
    unit: "GFLOP/s",
    contestants: [arithmetic(bench.quick), ...scored],
  });
}
