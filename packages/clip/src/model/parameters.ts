import { type Device, foldLayerNorm, PackedMatrix, packMatrix, scope, Tensor, tensor } from "@inctrl/tensor";
import { canonicalShapes } from "../config/shapes.js";
import type { ModelConfig } from "../config/types.js";
import { ClipError } from "../errors.js";

/**
 * Where values come from by canonical name: a checkpoint, an initialiser, a formula. `into` may be used for them where it
 * is long enough: they are needed until the next are asked for.
 */
export type ReadParameter = (
  name: string,
  shape: readonly number[],
  into?: Float32Array,
) => Promise<Float32Array>;

/** How weights are kept on the device. */
export interface LoadOptions {
  /** `float16` halves the memory of the matrices and the token table and rounds them. Default float32. */
  dtype?: "float32" | "float16";
  /** Which part of a model with text: its vision tower, its text tower, or both (default). */
  parts?: "vision" | "text" | "clip";
  /** Keep every parameter as a plain tensor that gradients can reach, in float32, instead of packing matrices. */
  trainable?: boolean;
  /** Told after each parameter: values loaded so far, and in all. */
  onProgress?: (loaded: number, total: number) => void;
}

/** A network's parameters on a device: matrices packed for products, everything else as plain tensors. */
export class Parameters {
  readonly #entries = new Map<string, Tensor | PackedMatrix>();

  set(name: string, value: Tensor | PackedMatrix): void {
    this.#entries.set(name, value);
  }

  /** A matrix, by its canonical name; the right operand of a product. */
  matrix(name: string): Tensor | PackedMatrix {
    const value = this.#entries.get(name);
    if (!value)
      throw new ClipError("keys", `the model has no parameter ${JSON.stringify(name)}; load that part of it`);
    return value;
  }

  /** A tensor, by its canonical name. */
  tensor(name: string): Tensor {
    const value = this.matrix(name);
    if (value instanceof Tensor) return value;
    throw new ClipError("keys", `parameter ${JSON.stringify(name)} is packed for products only`);
  }

  /** Whether a matrix has the layer norm before it folded in; its bias has then, too. */
  isFolded(name: string): boolean {
    const value = this.#entries.get(name);
    return value instanceof PackedMatrix && value.centred;
  }

  /** All of them by name. */
  entries(): ReadonlyMap<string, Tensor | PackedMatrix> {
    return this.#entries;
  }

  /** Bytes on the device. */
  get bytes(): number {
    let sum = 0;
    for (const value of this.#entries.values()) sum += value.bytes;
    return sum;
  }

  *tensors(): Generator<Tensor> {
    for (const value of this.#entries.values()) yield value instanceof Tensor ? value : value.panels;
  }

  dispose(): void {
    for (const value of this.#entries.values()) value.dispose();
    this.#entries.clear();
  }
}

const isVision = (name: string): boolean => name.startsWith("visual.");

/** Matrices stored [out, in], packed transposed; projections are stored [in, out] and packed as they are. */
const STORED_OUT_IN = /(in_proj_weight|out_proj\.weight|c_fc\.weight|c_proj\.weight|conv1\.weight)$/;
/**
 * Those that a layer norm comes before. It is folded into them, as soon as their biases are there, where they are kept in float32: in
 * float16 their own values may be exact, which those of a product are not.
 */
const AFTER_NORM = [
  { norm: "ln_1", weight: "attn.in_proj_weight", bias: "attn.in_proj_bias" },
  { norm: "ln_2", weight: "mlp.c_fc.weight", bias: "mlp.c_fc.bias" },
];
const STORED_IN_OUT = /^(visual\.proj|text_projection)$/;

/** Bytes uploaded at a time; two such groups are on their way at most, so that staging memory is used again. */
const GROUP_BYTES = 8 * 2 ** 20;

/** Reads the parameters a configuration needs, one at a time: the host never holds more than one of them. */
export async function loadParameters(
  device: Device,
  config: ModelConfig,
  read: ReadParameter,
  { dtype = "float32", parts = "clip", trainable = false, onProgress }: LoadOptions = {},
): Promise<Parameters> {
  const wanted = wantedShapes(config, parts);
  const counts = wanted.map(([, shape]) => shape.reduce((n, d) => n * d, 1));
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Used for one parameter after another: the first touch of fresh memory costs more than reading a file into it.
  const scratch = new Float32Array(counts.reduce((most, count) => Math.max(most, count), 0));
  const parameters = new Parameters();
  let loaded = 0;
  let pending = 0;
  let working: Promise<void> = Promise.resolve();
  try {
    for (const [name, shape] of wanted) {
      const values = await read(name, shape, scratch);
      if (trainable) parameters.set(name, tensor(device, values, shape));
      else place(device, parameters, name, shape, values, dtype);
      loaded += values.length;
      pending += values.byteLength;
      if (pending >= GROUP_BYTES) {
        await working;
        working = device.sync();
        // A failure is told when it is awaited, at the next group.
        working.catch(() => {});
        pending = 0;
      }
      onProgress?.(loaded, total);
    }
    await working;
    await device.sync();
  } catch (error) {
    parameters.dispose();
    throw error;
  }
  // What packing borrowed is larger than anything that scoring needs again.
  device.trim();
  return parameters;
}

/** Parameters without values, for planning: only to be used inside `device.prepare`. */
export function hollowParameters(
  device: Device,
  config: ModelConfig,
  { dtype = "float32", parts = "clip" }: Pick<LoadOptions, "dtype" | "parts"> = {},
): Parameters {
  const parameters = new Parameters();
  for (const [name, shape] of wantedShapes(config, parts))
    place(device, parameters, name, shape, null, dtype);
  return parameters;
}

function wantedShapes(config: ModelConfig, parts: "vision" | "text" | "clip") {
  return [...canonicalShapes(config)].filter(
    ([name]) => parts === "clip" || isVision(name) === (parts === "vision"),
  );
}

/** Puts a parameter among the others, packed if it is a matrix; without values it takes no memory. */
function place(
  device: Device,
  parameters: Parameters,
  name: string,
  shape: readonly number[],
  values: Float32Array | null,
  dtype: "float32" | "float16",
): void {
  const make = (shape: readonly number[], type: "float32" | "float16" = "float32") =>
    values ? tensor(device, values, shape, type) : Tensor.empty(device, shape, type);
  const folds = dtype === "float32" ? AFTER_NORM : [];
  const made = scope((): Tensor | PackedMatrix => {
    if (STORED_OUT_IN.test(name) && !folds.some(({ weight }) => name.endsWith(weight))) {
      const columns = shape.slice(1).reduce((n, d) => n * d, 1);
      return packMatrix(make([shape[0], columns]), { transposed: true, dtype });
    }
    if (STORED_IN_OUT.test(name)) return packMatrix(make(shape), { dtype });
    return make(shape, name === "token_embedding.weight" ? dtype : "float32");
  });
  parameters.set(name, made);
  const after = folds.find(({ bias }) => name.endsWith(bias));
  if (after) fold(parameters, name.slice(0, -after.bias.length), after);
}

/** Folds the layer norm of a block into the matrix after it. */
function fold(parameters: Parameters, block: string, names: (typeof AFTER_NORM)[number]): void {
  const of = (name: string) => parameters.tensor(block + name);
  const [weight, bias] = [of(names.weight), of(names.bias)];
  const norm = { weight: of(`${names.norm}.weight`), bias: of(`${names.norm}.bias`) };
  const folded = foldLayerNorm(weight, bias, norm);
  parameters.set(block + names.weight, folded.matrix);
  parameters.set(block + names.bias, folded.bias);
  weight.dispose();
  bias.dispose();
}
