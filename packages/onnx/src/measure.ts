import { Graph } from "./graph.js";
import type { Runtime } from "./runtime.js";

/**
 * The rate of a matrix product in onnxruntime, in 10^9 floating-point operations a second; the best of some runs.
 *
 * @param shape rows, inner size and columns.
 */
export async function measureProduct(
  runtime: Runtime,
  shape: readonly [rows: number, inner: number, columns: number],
  runs = 7,
): Promise<number> {
  const [m, k, n] = shape;
  // Whole numbers divided by 251 fill a matrix with values that no runtime knows beforehand.
  const values = (count: number) => Float32Array.from({ length: count }, (_, i) => (i % 251) / 251 - 0.5);
  const graph = new Graph();
  const product = graph.node("MatMul", [graph.input("x", [m, k]), graph.constant([k, n], values(k * n))]);
  graph.result("y", product, [m, n]);
  const session = await runtime.open(Buffer.concat(graph.model()));
  try {
    const x = runtime.tensor("float32", values(m * k), [m, k]);
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run <= runs; run++) {
      const started = performance.now();
      await session.run({ x });
      if (run > 0) best = Math.min(best, performance.now() - started);
    }
    return (2 * m * k * n) / best / 1e6;
  } finally {
    await session.release();
  }
}
