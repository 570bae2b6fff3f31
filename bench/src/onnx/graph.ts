import { bytes, type Fields, float, ints, messages, texts } from "./protobuf.js";

// Field numbers are those of onnx.proto3 (github.com/onnx/onnx).

type Attribute = number | string | readonly number[];
/** An operator with its inputs; `domain` is that of operators that are not standard. */
export type Operator = [
  type: string,
  inputs: readonly string[],
  attributes?: Record<string, Attribute>,
  domain?: string,
];

/** Opset 20 has Gelu, 17 LayerNormalization; 10 is the version of the file format that goes with it. */
const OPSET = 20;
const IR_VERSION = 10;
const FLOAT = 1;
const INT64 = 7;
/** Operators of onnxruntime's own, such as MultiHeadAttention. */
export const CONTRIB = "com.microsoft";

/** Builds an ONNX model node by node. Values are identified by name. */
export class Graph {
  readonly #nodes: Fields[] = [];
  readonly #constants: Fields[] = [];
  readonly #inputs: Fields[] = [];
  readonly #outputs: Fields[] = [];
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
    return this.#constant(FLOAT, shape, values);
  }

  /** A constant list of int64. */
  integers(...values: number[]): string {
    return this.#constant(INT64, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A node with one result, whose name is returned. */
  node(...operator: Operator): string {
    return this.nodes(1, ...operator)[0];
  }

  /** A node with several results. */
  nodes(results: number, ...[type, inputs, attributes = {}, domain = ""]: Operator): string[] {
    const names = Array.from({ length: results }, () => `v${this.#count++}`);
    this.#nodes.push([
      ...texts(1, ...inputs),
      ...texts(2, ...names),
      ...texts(3, `${type} ${names[0]}`),
      ...texts(4, type),
      ...messages(5, ...Object.entries(attributes).map(attribute)),
      ...texts(7, domain),
    ]);
    return names;
  }

  /** The whole model, in parts. */
  model(): Fields {
    const graph = [
      ...messages(1, ...this.#nodes),
      ...texts(2, "bench"),
      ...messages(5, ...this.#constants),
      ...messages(11, ...this.#inputs),
      ...messages(12, ...this.#outputs),
    ];
    const opsets = [
      [...texts(1, ""), ...ints(2, OPSET)],
      [...texts(1, CONTRIB), ...ints(2, 1)],
    ];
    return [
      ...ints(1, IR_VERSION),
      ...texts(2, "inctrl bench"),
      ...messages(7, graph),
      ...messages(8, ...opsets),
    ];
  }

  #constant(
    type: number,
    shape: readonly number[],
    { buffer, byteOffset, byteLength }: NodeJS.TypedArray,
  ): string {
    const name = `c${this.#count++}`;
    const raw = new Uint8Array(buffer, byteOffset, byteLength);
    this.#constants.push([...ints(1, ...shape), ...ints(2, type), ...texts(8, name), ...bytes(9, [raw])]);
    return name;
  }
}

function valueInfo(name: string, shape: readonly number[]): Fields {
  const dimensions = shape.map((size) => ints(1, size));
  const tensor = [...ints(1, FLOAT), ...messages(2, messages(1, ...dimensions))];
  return [...texts(1, name), ...messages(2, messages(1, tensor))];
}

/** A string, integers, or (with a fraction) a float. */
function attribute([name, value]: [string, Attribute]): Fields {
  const typed = (type: number, field: Fields) => [...texts(1, name), ...field, ...ints(20, type)];
  if (typeof value === "string") return typed(3, texts(4, value));
  if (typeof value !== "number") return typed(7, ints(8, ...value));
  return Number.isInteger(value) ? typed(2, ints(3, value)) : typed(1, float(2, value));
}
