import type { Closable } from "./closing.js";
import { bytesToFloat32, elementCount, type FileDType } from "./dtype.js";
import { quoted, TensorFileError } from "./error.js";
import { type ByteSource, cutShort } from "./source.js";

/** One tensor's entry in a file; its values stay on disk until asked for. */
export interface FileTensor {
  readonly name: string;
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly byteLength: number;
}

/** A file of named tensors, opened but not held in memory. */
export interface TensorFile extends Closable {
  readonly path: string;
  /** How the file is laid out: "safetensors" or "torch". */
  readonly format: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, FileTensor>;
  /** Row-major values as float32, whatever they are stored as; at the start of `into` where that is long enough. */
  readFloat32(name: string, into?: Float32Array): Promise<Float32Array>;
  /** The values as stored, little-endian and row-major, in chunks of at most `CHUNK_BYTES`. */
  stream(name: string): AsyncIterable<Uint8Array>;
}

/** Largest chunk that `stream` gives: 4 MiB, a multiple of every item size. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

/** Reads `length` bytes from `offset` in chunks of at most `CHUNK_BYTES`. */
export async function* streamRange(
  source: ByteSource,
  offset: number,
  length: number,
): AsyncIterable<Uint8Array> {
  for (let done = 0; done < length; done += CHUNK_BYTES)
    yield await source.read(offset + done, Math.min(CHUNK_BYTES, length - done));
}

/** An array of `count` values: the start of `into` where that is long enough. */
export function roomFor(count: number, into?: Float32Array): Float32Array {
  return into && into.length >= count ? into.subarray(0, count) : new Float32Array(count);
}

/** Converts a tensor's stream to float32, holding one chunk beside the result. */
export async function collectFloat32(
  tensor: FileTensor,
  chunks: AsyncIterable<Uint8Array>,
  label: string,
  into?: Float32Array,
): Promise<Float32Array> {
  const out = roomFor(elementCount(tensor.shape, label), into);
  let done = 0;
  for await (const chunk of chunks) {
    const values = bytesToFloat32(tensor.dtype, chunk);
    out.set(values, done);
    done += values.length;
  }
  if (done !== out.length) throw cutShort(`${label}: tensor ${quoted(tensor.name)}`, tensor.byteLength, done);
  return out;
}

/** The entry called `name`; throws `no-tensor`. */
export function requireTensor<T extends FileTensor>(
  tensors: ReadonlyMap<string, T>,
  name: string,
  label: string,
): T {
  const tensor = tensors.get(name);
  if (tensor === undefined)
    throw new TensorFileError("no-tensor", `${label}: holds no tensor named ${quoted(name)}`);
  return tensor;
}
