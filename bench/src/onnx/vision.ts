import { clipParameters, type ModelConfig } from "@inctrl/clip";
import type { nn } from "@inctrl/tensor";
import { attention } from "./attention.js";
import { Graph, type Operator } from "./graph.js";
import type { Fields } from "./protobuf.js";

/**
 * An image tower as an ONNX model from `pixels` [1, 3, size, size] to `features` [1, embedDim], in standard operators of opset
 * 20, which onnxruntime fuses as it sees fit. As in our tower, only the class token goes through the end of the last block.
 */
export async function visionModel(config: ModelConfig, read: nn.ReadParameter): Promise<Fields> {
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
  const features = tower(graph, config, (name) => constants.get(name) as string);
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

function tower(graph: Graph, config: ModelConfig, constant: (name: string) => string): string {
  const { width, heads, patch, imageSize, layers, ...vision } = config.vision;
  const node = (...operator: Operator) => graph.node(...operator);
  const norm = (x: string, name: string) =>
    node("LayerNormalization", [x, constant(`${name}.weight`), constant(`${name}.bias`)], {
      axis: -1,
      epsilon: vision.lnEps,
    });
  const linear = (x: string, name: string) =>
    node("Add", [node("MatMul", [x, constant(`${name}weight`)]), constant(`${name}bias`)]);
  const first = (tokens: string) =>
    node("Slice", [tokens, graph.integers(0), graph.integers(1), graph.integers(1)]);
  const block = (x: string, index: number) => {
    const prefix = `transformer.resblocks.${index}.`;
    const qkv = linear(norm(x, `${prefix}ln_1`), `${prefix}attn.in_proj_`);
    const parts = graph.nodes(3, "Split", [qkv], { axis: -1, num_outputs: 3 });
    const last = index === layers - 1;
    if (last) parts[0] = first(parts[0]);
    const attended = attention(graph, parts, heads, width / heads);
    const middle = node("Add", [last ? first(x) : x, linear(attended, `${prefix}attn.out_proj.`)]);
    const hidden = linear(norm(middle, `${prefix}ln_2`), `${prefix}mlp.c_fc.`);
    return node("Add", [middle, linear(activation(graph, config, hidden), `${prefix}mlp.c_proj.`)]);
  };

  const pixels = graph.input("pixels", [1, 3, imageSize, imageSize]);
  const filters = [constant("conv1.weight"), ...(vision.patchBias ? [constant("conv1.bias")] : [])];
  const size = { kernel_shape: [patch, patch], strides: [patch, patch] };
  const grid = node("Conv", [pixels, ...filters], size);
  const columns = node("Reshape", [grid, graph.integers(1, width, -1)]);
  const patches = node("Transpose", [columns], { perm: [0, 2, 1] });
  const tokens = node("Concat", [constant("class_embedding"), patches], { axis: 1 });
  let x = node("Add", [tokens, constant("positional_embedding")]);
  if (vision.lnPre) x = norm(x, "ln_pre");
  for (let i = 0; i < layers; i++) x = block(x, i);
  const cls = node("Reshape", [norm(x, "ln_post"), graph.integers(1, width)]);
  return vision.proj ? node("MatMul", [cls, constant("proj")]) : cls;
}

function activation(graph: Graph, config: ModelConfig, x: string): string {
  if (config.activation === "gelu") return graph.node("Gelu", [x]);
  const scaled = graph.node("Mul", [x, graph.constant([1], Float32Array.of(1.702))]);
  return graph.node("Mul", [x, graph.node("Sigmoid", [scaled])]);
}
