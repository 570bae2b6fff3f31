import { createRequire } from "node:module";
import { attention, CONTRIB, Graph } from "@inctrl/onnx";
import type { Operand } from "../data.js";
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

  const open = (model: string | Uint8Array, graphOptimizationLevel: "all" | "disabled") =>
    ort.InferenceSession.create(model, {
      executionProviders: [provider],
      graphOptimizationLevel,
      logSeverityLevel: 3,
    });

  /** A run fetches `fetched` alone, which waits for the whole. */
  const prepared = (
    session: Session,
    feeds: Record<string, OrtTensor>,
    result: string,
    fetched = result,
  ): Prepared => ({
    async run(times) {
      for (let i = 0; i < times; i++) await session.run(feeds, [fetched]);
    },
    output: async () => (await session.run(feeds, [result]))[result].data,
    dispose: () => session.release(),
  });

  /**
   * A graph whose operands are constants, so that they lie on the device from the start. Unoptimised, since an optimiser would
   * compute it while loading. A run fetches one value, which is cheaper than all.
   */
  async function operation(
    operands: Operand[],
    shape: readonly number[],
    build: (graph: Graph, constants: string[]) => string,
  ): Promise<Prepared> {
    const graph = new Graph();
    const constants = operands.map((each) => graph.constant(each.shape, each.values));
    const result = build(graph, constants);
    const [from, to] = [0, 1].map((value) => shape.map(() => value));
    const one = graph.node("Slice", [result, graph.integers(...from), graph.integers(...to)]);
    graph.output(result, shape);
    graph.output(one, to);
    return prepared(await open(Buffer.concat(graph.model()), "disabled"), {}, result, one);
  }

  const tower = async ({ onnx }: { onnx: string }) => {
    const session = await open(onnx, "all");
    const [{ shape }] = session.inputMetadata;
    const pixels = new ort.Tensor("float32", towerPixels(shape[3]), shape);
    return prepared(session, { pixels }, session.outputNames[0]);
  };

  return {
    tasks: {
      gemm: ({ m, n }, operands) => operation(operands, [m, n], (graph, x) => graph.node("MatMul", x)),

      attention: ({ heads, tokens, width, plain }, operands) => {
        const shape = [1, tokens, heads * width];
        const joined = operands.map(({ values }) => ({ values, shape }));
        return operation(joined, shape, (graph, qkv) =>
          plain
            ? attention(graph, qkv, heads, width)
            : graph.node("MultiHeadAttention", qkv, { num_heads: heads }, CONTRIB),
        );
      },

      layernorm: ({ rows, n }, operands) =>
        operation(operands, [rows, n], (graph, x) =>
          graph.node("LayerNormalization", x, { axis: -1, epsilon: 1e-5 }),
        ),

      softmax: ({ rows, n }, operands) =>
        operation(operands, [rows, n], (graph, x) => graph.node("Softmax", x, { axis: -1 })),

      tower,
      resnet: tower,
    },
  };
}
