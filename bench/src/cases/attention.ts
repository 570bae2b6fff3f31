import { dot, sampled } from "../check.js";
import { operationCase } from "./operation.js";

export const attention = operationCase({
  name: "attention",
  title:
    "Attention over all heads, not causal; ours reads the fused projection, the others take operands laid out beforehand. onnxruntime has an operator for it",
  // The image tower and the text tower of ViT-B-16-plus-240.
  sizes: [
    [14, 226],
    [10, 77],
  ].map(([heads, tokens]) => ({ heads, tokens, width: 64 })),
  quick: { heads: 2, tokens: 17, width: 32 },
  label: ({ heads, tokens, width }) => `${tokens} tokens, ${heads} heads of ${width}`,
  unit: "GFLOP/s",
  work: ({ heads, tokens, width }) => 4 * heads * tokens * tokens * width,
  others: (sizes, work) => [
    {
      subject: "onnxruntime webgpu, plain operators",
      process: "onnxruntime webgpu",
      task: "attention",
      sizes: { ...sizes, plain: true },
      work,
    },
  ],
  check({ heads, tokens, width }, [q, k, v]) {
    const inner = heads * width;
    return sampled(tokens * inner, (at) => {
      const column = at % inner;
      const head = column - (column % width);
      const query = at - column + head;
      const weights = Array.from({ length: tokens }, (_, key) =>
        Math.exp(dot(width, [q, query], [k, key * inner + head]) / Math.sqrt(width)),
      );
      const total = weights.reduce((sum, w) => sum + w);
      return weights.reduce((sum, w, key) => sum + (w / total) * v[key * inner + column], 0);
    });
  },
});
