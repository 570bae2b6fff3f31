import { findConfig } from "@inctrl/clip";
import type { Case } from "../case.js";
import { withPictures } from "../pictures.js";
import { towerOperations } from "../towers.js";
import { arithmetic } from "./contestants.js";

const MODEL = "deit_tiny_patch16_224";

export const cacheFill: Case = {
  name: "cache-fill",
  title: "Image files to features in an empty cache on disk, for training",
  async *run(bench) {
    const count = bench.quick ? 2 : 32;
    const rows = await withPictures(count, ({ images }) =>
      bench.compare({
        case: "cache-fill",
        size: `${MODEL}, ${count} images`,
        unit: "GFLOP/s",
        contestants: [
          arithmetic(bench.quick),
          {
            subject: "ours",
            process: "ours",
            task: "cacheFill",
            sizes: { model: MODEL, images },
            work: (count * towerOperations(findConfig(MODEL))) / 1e9,
            units: { count, unit: "images/s" },
          },
        ],
      }),
    );
    yield* rows;
  },
};
