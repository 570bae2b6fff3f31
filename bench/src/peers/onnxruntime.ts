import { createRequire } from "node:module";
import { operand } from "../data.js";
import { attention } from "../onnx/attention.js";
import { CONTRIB, Graph } from "../onnx/graph.js";
import type { Peer, Prepared } from "../task.js";
import { towerPixels } from "../towers.js";

interface OrtTensor {
  data: Float32Array;
  dims: readonly number[];
}

interface Session {
  run(feeds: Record<string, OrtTensor>, wanted?: string[]): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
  outputNames: readonly string[];
  inputMetadata: readonly { shape: readonly number[] }[];
}

/** The part of onnxruntime-node that is used here. */
interface Ort {
  InferenceSession: { create(model: string | Uint8Array, options: object): Promise<Session> };
  Tensor: new (type: "float32", values: Float32Array, shape: readonly number[]) => OrtTensor;
}

/** onnxruntime-node with one of its execution providers. */
export async function onnxruntime(provider: "webgpu" | "cpu"): Promise<Peer> {
  const ort = createRequire(import.meta.url)("onnxruntime-node") as Ort;
  const open = (model: string | Uint8Array, graphOptimizationLevel: string) =>
    ort.InferenceSession.create(model, {
      executionProviders: [provider],
      graphOptimizationLevel,
      logSeverityLevel: 3,
    });

  /**
   * A graph whose operands are constants, so that they lie on the device from the start. Unoptimised, since an optimiser would
   * compute it while loading. A run fetches one value, which is cheaper than all and waits as well.
   */
  async function constantGraph(
    shape: readonly number[],
    build: (graph: Graph, constant: (seed: number, shape: number[]) => string) => string,
  ): Promise<Prepared> {
    const graph = new Graph();
    const constant = (seed: number, size: number[]) =>
      graph.constant(
        size,
        operand(
          seed,
          size.reduce((a, b) => a * b),
        ),
      );
    const result = build(graph, constant);
    const ones = shape.map(() => 1);
    const zeros = shape.map(() => 0);
    const one = graph.node("Slice", [result, graph.integers(...zeros), graph.integers(...ones)]);
    graph.output(result, shape);
    graph.output(one, ones);
    const session = await open(graph.model().toBytes(), "disabled");
    return {
      async run(times) {
        for (let i = 0; i < times; i++) await session.run({}, [one]);
      },
      output: async () => (await session.run({}, [result]))[result].data,
      dispose: () => session.release(),
    };
  }

  return {
    tasks: {
      gemm: ({ m, k, n }) =>
        constantGraph([m, n], (graph, constant) =>
          graph.node("MatMul", [constant(1, [m, k]), constant(2, [k, n])]),
        ),

      attention: ({ heads, tokens, width, plain }) => {
        const shape = [1, tokens, heads * width];
        return constantGraph(shape, (graph, constant) => {
          const qkv = [1, 2, 3].map((seed) => constant(seed, shape));
          if (plain) return attention(graph, qkv, heads, width);
          return graph.node("MultiHeadAttention", qkv, { num_heads: heads }, CONTRIB);
        });
      },

      layernorm: ({ rows, n }) =>
        constantGraph([rows, n], (graph, constant) =>
          graph.node("LayerNormalization", [constant(1, [rows, n]), constant(2, [n]), constant(3, [n])], {
            axis: -1,
            epsilon: 1e-5,
          }),
        ),

      softmax: ({ rows, n }) =>
        constantGraph([rows, n], (graph, constant) =>
          graph.node("Softmax", [constant(1, [rows, n])], { axis: -1 }),
        ),

      tower: async ({ onnx }) => {
        const session = await open(onnx, "all");
        const [{ shape }] = session.inputMetadata;
        const feeds = { pixels: new ort.Tensor("float32", towerPixels(shape[3]), shape) };
        const [name] = session.outputNames;
        return {
          async run(times) {
            for (let i = 0; i < times; i++) await session.run(feeds);
          },
          output: async () => (await session.run(feeds))[name].data,
          dispose: () => session.release(),
        };
      },
    },
  };
}
