import { clipParameters, gridSize, type ModelConfig } from "@inctrl/clip";
import type { nn } from "@inctrl/tensor";
import { attention } from "./attention.js";
import { Graph } from "./graph.js";
import type { Message } from "./protobuf.js";

type Constants = (name: string) => string;

/**
 * An image tower as an ONNX model from `pixels` [1, 3, size, size] to `features` [1, embedDim], in standard operators of opset
 * 20, which onnxruntime fuses as it sees fit. As in our tower, only the class token goes through the end of the last block.
 */
export async function visionModel(config: ModelConfig, read: nn.ReadParameter): Promise<Message> {
  const graph = new Graph();
  const constants = new Map<string, string>();
  for (const [name, parameter] of clipParameters(config, "vision")) {
    const { shape, role, order } = parameter;
    const values = await read(name, parameter);
    constants.set(
      name.slice("visual.".length),
      role === "weight" && order === "out-in" && shape.length === 2
        ? graph.constant(shape.toReversed(), transposed(values, shape[0], shape[1]))
        : graph.constant(name.endsWith("class_embedding") ? [1, 1, ...shape] : shape, values),
    );
  }
  const constant: Constants = (name) => constants.get(name) as string;
  const features = tower(graph, config, constant);
  graph.output(features, [1, config.embedDim]);
  return graph.model();
}

/** The right operand of a product is [in, out]. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let c = 0; c < columns; c++)
    for (let r = 0; r < rows; r++) out[c * rows + r] = values[r * columns + c];
  return out;
}

function tower(graph: Graph, config: ModelConfig, constant: Constants): string {
  const { vision } = config;
  const { width, patch, imageSize, layers } = vision;
  const norm = normalizer(graph, constant, vision.lnEps);
  const pixels = graph.input("pixels", [1, 3, imageSize, imageSize]);
  const filters = [constant("conv1.weight"), ...(vision.patchBias ? [constant("conv1.bias")] : [])];
  const size = { kernel_shape: [patch, patch], strides: [patch, patch] };
  const grid = graph.node("Conv", [pixels, ...filters], size);
  const columns = graph.node("Reshape", [grid, graph.integers(1, width, gridSize(vision) ** 2)]);
  const patches = graph.node("Transpose", [columns], { perm: [0, 2, 1] });
  const tokens = graph.node("Concat", [constant("class_embedding"), patches], { axis: 1 });
  let x = graph.node("Add", [tokens, constant("positional_embedding")]);
  if (vision.lnPre) x = norm(x, "ln_pre");
  for (let i = 0; i < layers; i++) x = block(graph, config, constant, x, i);
  const cls = graph.node("Reshape", [norm(x, "ln_post"), graph.integers(1, width)]);
  return vision.proj ? graph.node("MatMul", [cls, constant("proj")]) : cls;
}

const normalizer = (graph: Graph, constant: Constants, epsilon: number) => (x: string, name: string) =>
  graph.node("LayerNormalization", [x, constant(`${name}.weight`), constant(`${name}.bias`)], {
    axis: -1,
    epsilon,
  });

function block(graph: Graph, config: ModelConfig, constant: Constants, x: string, index: number): string {
  const { layers, lnEps } = config.vision;
  const prefix = `transformer.resblocks.${index}.`;
  const norm = normalizer(graph, constant, lnEps);
  const linear = (input: string, name: string) =>
    graph.node("Add", [
      graph.node("MatMul", [input, constant(`${prefix}${name}weight`)]),
      constant(`${prefix}${name}bias`),
    ]);
  const first = (tokens: string) =>
    graph.node("Slice", [tokens, graph.integers(0), graph.integers(1), graph.integers(1)]);
  const qkv = linear(norm(x, `${prefix}ln_1`), "attn.in_proj_");
  const parts = graph.nodes("Split", [qkv], 3, { axis: -1, num_outputs: 3 });
  const last = index === layers - 1;
  if (last) parts[0] = first(parts[0]);
  const attended = attention(graph, parts, config.vision.heads, config.vision.width / config.vision.heads);
  const middle = graph.node("Add", [last ? first(x) : x, linear(attended, "attn.out_proj.")]);
  const hidden = activation(graph, config, linear(norm(middle, `${prefix}ln_2`), "mlp.c_fc."));
  return graph.node("Add", [middle, linear(hidden, "mlp.c_proj.")]);
}

function activation(graph: Graph, config: ModelConfig, x: string): string {
  if (config.activation === "gelu") return graph.node("Gelu", [x]);
  const scaled = graph.node("Mul", [x, graph.constant([1], Float32Array.of(1.702))]);
  return graph.node("Mul", [x, graph.node("Sigmoid", [scaled])]);
}
