import type { Case } from "../case.js";
import { dot, sampled } from "../check.js";
import { TENSOR_PEERS } from "../peers/index.js";
import { yardstick } from "./contestants.js";
import { operationCase } from "./operation.js";

/** The patches of one image in three blocks of ViT-B-16-plus-240, against those of K prompts. */
const IMAGE = { rows: 225, width: 896, blocks: 3 };
const SHOTS = [1, 2, 4, 8, 16, 64];
/** Each place costs a pass over the bank. */
const PLACES = 48;

export const nearest: Case = operationCase({
  name: "nearest",
  title:
    "The nearest of K prompts' patches for each of an image's, in three blocks; the peers multiply and take the largest. GEMM: our rate over that of our product of this shape",
  sizes: SHOTS.map((shots) => ({ ...IMAGE, bank: shots * IMAGE.rows })),
  quick: { rows: 9, bank: 18, width: 40, blocks: 3 },
  label: ({ rows, bank }) => `K = ${bank / rows}`,
  unit: "GFLOP/s",
  work: ({ rows, bank, width, blocks }) => 2 * rows * bank * width * blocks,
  peers: TENSOR_PEERS,
  others: ({ rows, bank, width, blocks }, work) => [
    yardstick("gemm", "gemm", { m: rows, k: width, n: bank }, work / blocks),
  ],
  check({ rows, bank, width, blocks }, operands) {
    const cosine = (at: number) => {
      const block = Math.floor(at / rows);
      const [query, others] = operands.slice(2 * block);
      const start = (at % rows) * width;
      let most = -1;
      for (let other = 0; other < bank; other++)
        most = Math.max(most, dot(width, [query, start], [others, other * width]));
      return most;
    };
    return sampled(blocks * rows, cosine, { places: PLACES });
  },
});
