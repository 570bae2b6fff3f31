import type { Graph } from "../graph.js";

/**
 * softmax(q k^T / sqrt(d)) v of each head in standard operators; queries, keys and values are [batch, tokens, heads * d], and so
 * is the result.
 */
export function attention(graph: Graph, operands: readonly string[], heads: number, d: number): string {
  const [q, k, v] = operands.map((each, i) => {
    const split = graph.node("Reshape", [each, graph.integers(0, -1, heads, d)]);
    return graph.node("Transpose", [split], { perm: i === 1 ? [0, 2, 3, 1] : [0, 2, 1, 3] });
  });
  const scale = graph.constant([1], Float32Array.of(1 / Math.sqrt(d)));
  const scores = graph.node("Mul", [graph.node("MatMul", [q, k]), scale]);
  const weights = graph.node("Softmax", [scores], { axis: -1 });
  const joined = graph.node("Transpose", [graph.node("MatMul", [weights, v])], { perm: [0, 2, 1, 3] });
  return graph.node("Reshape", [joined, graph.integers(0, -1, heads * d)]);
}
