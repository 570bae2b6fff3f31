import type { Case } from "../case.js";
import { type Check, sampled } from "../check.js";
import { unitRows } from "../data.js";
import { TENSOR_PEERS } from "../peers/index.js";
import type { Tasks } from "../task.js";
import { all, arithmetic, yardstick } from "./contestants.js";

/** The patches of one image in three blocks of ViT-B-16-plus-240, against those of K prompts. */
const IMAGE = { rows: 225, width: 896, blocks: 3 };
const SHOTS = [1, 2, 4, 8, 16, 64];
const QUICK_IMAGE = { rows: 9, width: 40, blocks: 3 };
const QUICK_SHOTS = [2];
/** Each place costs a pass over the bank. */
const PLACES = 48;

export const nearest: Case = {
  name: "nearest",
  title:
    "The nearest of K prompts' patches for each of an image's, in three blocks; the peers multiply and take the largest. GEMM: our rate over that of our product of this shape",
  async *run(bench) {
    for (const shots of bench.quick ? QUICK_SHOTS : SHOTS) {
      const image = bench.quick ? QUICK_IMAGE : IMAGE;
      const sizes = { ...image, bank: shots * image.rows };
      const { rows, bank, width, blocks } = sizes;
      const product = (2 * rows * bank * width) / 1e9;
      const results = await bench.compare({
        case: "nearest",
        size: `K = ${shots}`,
        unit: "GFLOP/s",
        contestants: [
          arithmetic(bench.quick),
          yardstick("gemm", "gemm", { m: rows, k: width, n: bank }, product),
          ...all(TENSOR_PEERS, "nearest", sizes, product * blocks),
        ],
        check: largest(sizes),
      });
      yield* results.filter(({ subject }) => subject !== "gemm");
    }
  },
};

function largest({ rows, bank, width, blocks }: Tasks["nearest"]): Check {
  const pairs = Array.from({ length: blocks }, (_, i) => [
    unitRows(2 * i + 1, rows, width),
    unitRows(2 * i + 2, bank, width),
  ]);
  const cosine = (at: number) => {
    const [query, others] = pairs[Math.floor(at / rows)];
    const start = (at % rows) * width;
    let most = -1;
    for (let other = 0; other < bank; other++) {
      let dot = 0;
      for (let i = 0; i < width; i++) dot += query[start + i] * others[other * width + i];
      most = Math.max(most, dot);
    }
    return most;
  };
  return sampled(blocks * rows, cosine, { places: PLACES });
}
