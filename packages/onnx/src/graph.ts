import { OnnxError } from "./errors.js";
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

/**
 * Opset 17 has LayerNormalization; 8 is the version of the file format that goes with it. onnxruntime from 1.12, OpenVINO from 2023.0
 * and TensorRT from 8.6 read them, by their documents.
 */
export const OPSET = 17;
const IR_VERSION = 8;
/** Numbers of element types. */
const TYPES = { float32: 1, uint8: 2, int64: 7, bool: 9 } as const;

/** Element types of inputs and results. */
export type ElementType = keyof typeof TYPES;

/** Sizes of a value's axes; a name stands for a size that is known when the model runs. */
export type Axes = readonly (number | string)[];

/** Operators of onnxruntime's own, such as MultiHeadAttention. */
export const CONTRIB = "com.microsoft";

/** Builds an ONNX model node by node. Values are identified by name. */
export class Graph {
  readonly #nodes: Fields[] = [];
  readonly #constants: Fields[] = [];
  readonly #inputs: Fields[] = [];
  readonly #outputs: Fields[] = [];
  #count = 0;
  #usesContrib = false;

  /** An input. */
  input(name: string, shape: Axes, type: ElementType = "float32"): string {
    this.#inputs.push(valueInfo(name, shape, type));
    return name;
  }

  /** Marks a value as a result. */
  output(name: string, shape: Axes, type: ElementType = "float32"): void {
    this.#outputs.push(valueInfo(name, shape, type));
  }

  /** Makes a value a result under a name of its own. */
  result(name: string, value: string, shape: Axes, type: ElementType = "float32"): void {
    this.#nodes.push(nodeOf("Identity", [value], [name]));
    this.output(name, shape, type);
  }

  /** A constant of float32 values, which are not copied. */
  constant(shape: readonly number[], values: Float32Array): string {
    return this.#constant(TYPES.float32, shape, values);
  }

  /** A constant list of int64. */
  integers(...values: number[]): string {
    return this.#constant(TYPES.int64, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A node with one result, whose name is returned. */
  node(...operator: Operator): string {
    return this.nodes(1, ...operator)[0];
  }

  /** A node with several results. */
  nodes(results: number, ...[type, inputs, attributes = {}, domain = ""]: Operator): string[] {
    this.#usesContrib ||= domain === CONTRIB;
    const names = Array.from({ length: results }, () => `v${this.#count++}`);
    this.#nodes.push(nodeOf(type, inputs, names, attributes, domain));
    return names;
  }

  /**
   * The whole model, in parts, which share their values with the constants.
   *
   * @param facts what its metadata says, by name.
   * @throws OnnxError `size` for 2 GB and more, which no file of this format holds.
   */
  model(facts: Readonly<Record<string, string>> = {}): Fields {
    const graph = [
      ...messages(1, ...this.#nodes),
      ...texts(2, "inctrl"),
      ...messages(5, ...this.#constants),
      ...messages(11, ...this.#inputs),
      ...messages(12, ...this.#outputs),
    ];
    const opsets = [
      [...texts(1, ""), ...ints(2, OPSET)],
      ...(this.#usesContrib ? [[...texts(1, CONTRIB), ...ints(2, 1)]] : []),
    ];
    const model = [
      ...ints(1, IR_VERSION),
      ...texts(2, "inctrl"),
      ...messages(7, graph),
      ...messages(8, ...opsets),
      ...messages(14, ...Object.entries(facts).map(([key, value]) => [...texts(1, key), ...texts(2, value)])),
    ];
    checkSize(bytesOf(model));
    return model;
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

/** The bytes of encoded fields. */
export const bytesOf = (fields: Fields): number =>
  fields.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** One byte less than 2 GiB: protocol buffers hold no more. */
const MAX_BYTES = 2 ** 31 - 1;

/** @throws OnnxError `size`. */
export function checkSize(bytes: number): void {
  if (bytes <= MAX_BYTES) return;
  throw new OnnxError(
    "size",
    `the ONNX file would have ${(bytes / 1e9).toFixed(1)} GB, and one file of this format holds less than 2.15 GB; take a smaller backbone or fewer prompts`,
  );
}

const nodeOf = (
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = "",
): Fields => [
  ...texts(1, ...inputs),
  ...texts(2, ...outputs),
  ...texts(3, `${type} ${outputs[0]}`),
  ...texts(4, type),
  ...messages(5, ...Object.entries(attributes).map(attribute)),
  ...texts(7, domain),
];

function valueInfo(name: string, shape: Axes, type: ElementType): Fields {
  const dimensions = shape.map((size) => (typeof size === "number" ? ints(1, size) : texts(2, size)));
  const tensor = [...ints(1, TYPES[type]), ...messages(2, messages(1, ...dimensions))];
  return [...texts(1, name), ...messages(2, messages(1, tensor))];
}

/** A string, integers, or (with a fraction) a float. */
function attribute([name, value]: [string, Attribute]): Fields {
  const typed = (type: number, field: Fields) => [...texts(1, name), ...field, ...ints(20, type)];
  if (typeof value === "string") return typed(3, texts(4, value));
  if (typeof value !== "number") return typed(7, ints(8, ...value));
  return Number.isInteger(value) ? typed(2, ints(3, value)) : typed(1, float(2, value));
}
