import { Message } from "./protobuf.js";

// Field numbers are those of onnx.proto3 (github.com/onnx/onnx).

type Attribute = number | string | readonly number[];

/** Opset 20 has Gelu, 17 LayerNormalization; 10 is the version of the file format that goes with it. */
const OPSET = 20;
const IR_VERSION = 10;
const FLOAT = 1;
const INT64 = 7;
/** Operators of onnxruntime's own, such as MultiHeadAttention. */
export const CONTRIB = "com.microsoft";

/** Builds an ONNX model node by node. Values are identified by name. */
export class Graph {
  readonly #nodes: Message[] = [];
  readonly #constants: Message[] = [];
  readonly #inputs: Message[] = [];
  readonly #outputs: Message[] = [];
  #count = 0;

  /** An input of float32 values. */
  input(name: string, shape: readonly number[]): string {
    this.#inputs.push(valueInfo(name, shape));
    return name;
  }

  /** Marks a value as a result. */
  output(name: string, shape: readonly number[]): void {
    this.#outputs.push(valueInfo(name, shape));
  }

  /** A constant of float32 values, which are not copied. */
  constant(shape: readonly number[], values: Float32Array): string {
    return this.#constant(FLOAT, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** A constant list of int64. */
  integers(...values: number[]): string {
    const stored = BigInt64Array.from(values, BigInt);
    return this.#constant(INT64, [values.length], new Uint8Array(stored.buffer));
  }

  /** A node with one result, whose name is returned. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    domain = "",
  ): string {
    return this.nodes(type, inputs, 1, attributes, domain)[0];
  }

  /** A node with several results. */
  nodes(
    type: string,
    inputs: readonly string[],
    results: number,
    attributes: Record<string, Attribute> = {},
    domain = "",
  ): string[] {
    const names = Array.from({ length: results }, () => `v${this.#count++}`);
    const node = new Message()
      .text(1, ...inputs)
      .text(2, ...names)
      .text(3, `${type} ${names[0]}`)
      .text(4, type)
      .message(5, ...Object.entries(attributes).map(([name, value]) => attribute(name, value)));
    if (domain) node.text(7, domain);
    this.#nodes.push(node);
    return names;
  }

  /** The whole model. */
  model(): Message {
    const graph = new Message()
      .message(1, ...this.#nodes)
      .text(2, "bench")
      .message(5, ...this.#constants)
      .message(11, ...this.#inputs)
      .message(12, ...this.#outputs);
    return new Message()
      .int(1, IR_VERSION)
      .text(2, "inctrl bench")
      .message(7, graph)
      .message(8, new Message().text(1, "").int(2, OPSET), new Message().text(1, CONTRIB).int(2, 1));
  }

  #constant(type: number, shape: readonly number[], bytes: Uint8Array): string {
    const name = `c${this.#count++}`;
    const tensor = new Message();
    for (const size of shape) tensor.int(1, size);
    this.#constants.push(tensor.int(2, type).text(8, name).data(9, bytes));
    return name;
  }
}

function valueInfo(name: string, shape: readonly number[]): Message {
  const dimensions = shape.map((size) => new Message().int(1, size));
  const tensor = new Message().int(1, FLOAT).message(2, new Message().message(1, ...dimensions));
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** A string, integers, or (with a fraction) a float. */
function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === "string") return message.text(4, value).int(20, 3);
  if (typeof value !== "number") {
    for (const each of value) message.int(8, each);
    return message.int(20, 7);
  }
  return Number.isInteger(value) ? message.int(3, value).int(20, 2) : message.float(2, value).int(20, 1);
}
