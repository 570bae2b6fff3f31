import { type ByteSource, fileSource, orClosed, safetensorsIn, type TensorFile } from "@inctrl/tensor/files";
import { foreignFile } from "./foreign.js";
import { indexOfShard, openShards, readIndex } from "./shards.js";
import type { TorchContainer } from "./torch-container.js";

/**
 * Opens a checkpoint by its content, whatever its name: safetensors, PyTorch files of any age (`.pt`, `.pth`, `.bin`, `.ckpt`, `.pyth`,
 * TorchScript included), or the index of a checkpoint in shards. Values are read one tensor at a time.
 *
 * @throws ClipError or TensorFileError.
 *
 * @example
 * const file = await openCheckpoint("clip.pt")
 * console.log(file.format, file.tensors.size)
 * await file.close()
 */
export async function openCheckpoint(path: string): Promise<TensorFile> {
  const file = indexOfShard(path) ?? path;
  const map = await readIndex(file);
  return map === undefined ? openFile(file) : openShards(file, map, openFile);
}

/** Bytes that tell what a file is. */
const START_BYTES = 512;
/** The number 0x1950a86a20f9469cfc6c as torch.save pickled it before 1.6. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the bytes of a binary file
const STREAM_MAGIC = /^\x80[\x02-\x05]\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\./;

/** Opens one file, no index. */
const openFile = async (path: string): Promise<TensorFile> => checkpointIn(await fileSource(path));

/** The checkpoint in an open source, which is closed with it, or where it is none. */
export async function checkpointIn(source: ByteSource): Promise<TensorFile> {
  return orClosed(source, async () => {
    const bytes = await source.read(0, Math.min(START_BYTES, source.size));
    const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    const read = await containerReader(start);
    if (read !== undefined) {
      // Imported on demand, as the readers are: archives are the only part of this package that cannot be bundled for a browser.
      const { torchFile } = await import("./torch-file.js");
      return torchFile(source, await read(source));
    }
    if (start[8] !== "{") throw foreignFile(source.label, start);
    return await safetensorsIn(source);
  });
}

/** The reader of PyTorch files that begin so. */
async function containerReader(
  start: string,
): Promise<((source: ByteSource) => Promise<TorchContainer>) | undefined> {
  if (start.startsWith("PK\x03\x04")) return (await import("./torch-zip.js")).readZip;
  if (start.startsWith("ustar", 257)) return (await import("./torch-legacy.js")).readTar;
  return STREAM_MAGIC.test(start) ? (await import("./torch-legacy.js")).readStream : undefined;
}
