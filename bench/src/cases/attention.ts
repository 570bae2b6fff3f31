import type { Case } from "../case.js";
import { sampled } from "../check.js";
import { operand } from "../data.js";
import { ONNX_PEERS, TENSOR_PEERS } from "../peers/index.js";
import type { Tasks } from "../task.js";
import { all, arithmetic } from "./contestants.js";

/** The image tower's and the text tower's attention of ViT-B-16-plus-240. */
const SIZES = [
  { heads: 14, tokens: 226, width: 64 },
  { heads: 10, tokens: 77, width: 64 },
];
const QUICK_SIZES = [{ heads: 2, tokens: 17, width: 32 }];

export const attention: Case = {
  name: "attention",
  title:
    "Attention over all heads, not causal; ours reads the fused projection, the others take operands laid out beforehand. onnxruntime has an operator for it",
  async *run(bench) {
    for (const sizes of bench.quick ? QUICK_SIZES : SIZES) {
      const { heads, tokens, width } = sizes;
      const work = (4 * heads * tokens * tokens * width) / 1e9;
      yield* await bench.compare({
        case: "attention",
        size: `${tokens} tokens, ${heads} heads of ${width}`,
        unit: "GFLOP/s",
        contestants: [
          arithmetic(bench.quick),
          ...all([...TENSOR_PEERS, ...ONNX_PEERS], "attention", sizes, work),
          {
            subject: "onnxruntime webgpu, plain operators",
            process: "onnxruntime webgpu",
            task: "attention",
            sizes: { ...sizes, plain: true },
            work,
          },
        ],
        check: attended(sizes),
      });
    }
  },
};

/** Values of [tokens, heads * width]. */
function attended({ heads, tokens, width }: Tasks["attention"]) {
  const inner = heads * width;
  const [q, k, v] = [1, 2, 3].map((seed) => operand(seed, tokens * inner));
  return sampled(tokens * inner, (at) => {
    const [query, column] = [Math.floor(at / inner), at % inner];
    const head = column - (column % width);
    const weights = Array.from({ length: tokens }, (_, key) => {
      let dot = 0;
      for (let i = 0; i < width; i++) dot += q[query * inner + head + i] * k[key * inner + head + i];
      return Math.exp(dot / Math.sqrt(width));
    });
    const total = weights.reduce((sum, w) => sum + w);
    return weights.reduce((sum, w, key) => sum + (w / total) * v[key * inner + column], 0);
  });
}
