import { arrayOf, elementCount, type FileData, type FileDType, itemSize } from "./dtype.js";
import { quoted, TensorFileError } from "./error.js";
import { writeFileAtomic } from "./write-file.js";

/** Values to be written, row-major; F16 and BF16 are bit patterns in a Uint16Array. */
export interface StoredTensor {
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly data: FileData;
}

/**
 * Writes a safetensors file under a temporary name and renames it, so that nobody sees half of it.
 * Node only. Throws TensorFileError: `shape` or `dtype` before anything is written, `write` when the disk refuses.
 *
 * @example
 * await writeSafetensors("head.safetensors", { w: { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) } })
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, StoredTensor>> | ReadonlyMap<string, StoredTensor>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  await writeFileAtomic(path, serializeSafetensors(tensors, metadata));
}

/** The parts of a safetensors file in order: header, then each tensor's bytes; nothing is copied. */
export function serializeSafetensors(
  tensors: Readonly<Record<string, StoredTensor>> | ReadonlyMap<string, StoredTensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array[] {
  const entries = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  for (const [name, tensor] of entries) checkTensor(name, tensor);
  // Widest items first keeps every tensor aligned to its own item size without padding.
  entries.sort(([, a], [, b]) => itemSize(b.dtype) - itemSize(a.dtype));
  const header: Record<string, unknown> = Object.create(null);
  if (metadata !== undefined) header.__metadata__ = metadata;
  let end = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.byteLength / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  const bodies = entries.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return [head, ...bodies];
}

function checkTensor(name: string, { dtype, shape, data }: StoredTensor): void {
  const where = `writing tensor ${quoted(name)}`;
  if (name === "__metadata__") throw new TensorFileError("header", `${where}: that name is reserved`);
  if (!(data instanceof arrayOf(dtype)))
    throw new TensorFileError("dtype", `${where}: ${dtype} is held in a ${arrayOf(dtype).name}`);
  const count = elementCount(shape, where);
  if (count !== data.length)
    throw new TensorFileError(
      "shape",
      `${where}: [${shape.join(", ")}] needs ${count} values, got ${data.length}`,
    );
}
