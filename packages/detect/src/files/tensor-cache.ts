import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FileDType, type StoredTensor, TensorFileError } from "@inctrl/tensor";
import { bytesToFloat32, isLeftover } from "@inctrl/tensor/files";
import { DetectError } from "../errors.js";
import { openSealed, type SealedFile, writeSealed } from "./sealed.js";

/** The tensors of an entry, by name. */
export type Layout = Readonly<
  Record<string, { readonly dtype: FileDType; readonly shape: readonly number[] }>
>;

export interface TensorCacheOptions {
  /** Bytes on disk. Default: no limit. */
  limit?: number;
  /** Told of each entry that is made again because it is damaged, and once of entries from before there were checksums. */
  onNote?: (text: string) => void;
}

const EXTENSION = ".safetensors";

/**
 * Tensors on disk under keys that name all they depend on, one safetensors file a key, with checksums. Files appear whole or not
 * at all, so a kill at any moment leaves the cache sound. Damaged and foreign files, and values that are not finite, count as
 * absent. Above the limit, the files unused for longest are removed. Several processes may share a folder.
 *
 * @example
 * const cache = await TensorCache.open("cache/features", { limit: 10e9 });
 */
export class TensorCache {
  readonly folder: string;
  readonly limit: number;
  readonly #onNote: (text: string) => void;
  /** Bytes of each file, least recently used first. */
  readonly #files: Map<string, number>;
  #bytes = 0;
  #saidUnsealed = false;

  private constructor(folder: string, options: TensorCacheOptions, files: Map<string, number>) {
    this.folder = folder;
    this.limit = options.limit ?? Number.POSITIVE_INFINITY;
    this.#onNote = options.onNote ?? (() => {});
    this.#files = files;
    for (const size of files.values()) this.#bytes += size;
  }

  /** Opens a folder, creates it where it is missing, and removes temporary files that killed processes left. */
  static async open(folder: string, options: TensorCacheOptions = {}): Promise<TensorCache> {
    await mkdir(folder, { recursive: true });
    const found: { key: string; size: number; used: number }[] = [];
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name);
      const info = await stat(path).catch(() => null);
      if (!info?.isFile()) continue;
      const key = keyOf(name) ?? (await moved(folder, name));
      if (key) found.push({ key, size: info.size, used: info.mtimeMs });
      else if (await isLeftover(path)) await rm(path, { force: true });
    }
    found.sort((a, b) => a.used - b.used);
    const cache = new TensorCache(folder, options, new Map(found.map(({ key, size }) => [key, size])));
    await cache.#evict();
    return cache;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The bytes of one tensor of an entry, little-endian. A damaged file is removed.
   *
   * @param layout of the whole entry.
   * @returns null where the entry is absent, damaged or of another layout.
   */
  async read(key: string, layout: Layout, name: string): Promise<Uint8Array | null> {
    const path = this.#path(key);
    try {
      const { size } = await stat(path);
      const bytes = await this.#readFile(path, key, layout, name);
      this.#note(key, size);
      const now = new Date();
      // Fails where another process has removed the file, or where the folder is read-only; neither matters.
      await utimes(path, now, now).catch(() => {});
      return bytes;
    } catch (error) {
      this.#forget(key);
      const damaged = error instanceof TensorFileError || error instanceof DetectError;
      if (damaged && error.code !== "not-found") {
        this.#onNote(`${error.message.split("; ")[0]}; it is made again`);
        await rm(path, { force: true }).catch(() => {});
      }
      return null;
    }
  }

  async #readFile(path: string, key: string, layout: Layout, name: string): Promise<Uint8Array> {
    await using file = await openSealed(path);
    const bytes = await entryBytes(file, key, layout, name);
    if (!file.sealed && !this.#saidUnsealed) {
      this.#saidUnsealed = true;
      this.#onNote(
        `${this.folder}: holds entries of a version without checksums, so that nothing vouches for them; delete the folder to have ` +
          "them made again",
      );
    }
    return bytes;
  }

  /** Stores an entry. @throws TensorFileError `write` where the disk refuses. */
  async write(
    key: string,
    tensors: Readonly<Record<string, StoredTensor>>,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const path = this.#path(key);
    await mkdir(dirname(path), { recursive: true });
    await writeSealed(path, tensors, { ...metadata, key });
    this.#note(key, (await stat(path)).size);
    await this.#evict();
  }

  #path(key: string): string {
    return join(this.folder, key.slice(0, 2), key + EXTENSION);
  }

  #note(key: string, size: number): void {
    this.#forget(key);
    this.#files.set(key, size);
    this.#bytes += size;
  }

  #forget(key: string): void {
    this.#bytes -= this.#files.get(key) ?? 0;
    this.#files.delete(key);
  }

  async #evict(): Promise<void> {
    for (const key of this.#files.keys()) {
      if (this.#bytes <= this.limit) return;
      await rm(this.#path(key), { force: true });
      this.#forget(key);
    }
  }
}

/** The bytes of one tensor of an open entry. @throws DetectError `cache` or `damaged`. */
export async function entryBytes(
  file: SealedFile,
  key: string,
  layout: Layout,
  name: string,
): Promise<Uint8Array> {
  const fail = (why: string) => new DetectError("cache", `${file.path}: ${why}`);
  const sound = Object.entries(layout).every(([each, { dtype, shape }]) => {
    const stored = file.tensors.get(each);
    return stored?.dtype === dtype && stored.shape.join() === shape.join();
  });
  if (!sound || file.metadata.key !== key) throw fail("holds something else");
  const bytes = new Uint8Array(file.tensors.get(name)?.byteLength ?? 0);
  let at = 0;
  for await (const chunk of file.stream(name)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (!allFinite(layout[name].dtype, bytes)) throw fail(`${name} holds values that are not finite`);
  return bytes;
}

/** The key of a path in the cache; undefined for files of other kinds. */
function keyOf(name: string): string | undefined {
  return /^(?<bucket>[0-9a-f]{2})[/\\](?<key>\k<bucket>[0-9a-f]{62})\.safetensors$/.exec(name)?.groups?.key;
}

/** Moves a file to where it is looked for, from where earlier versions put it. @returns its key; undefined for other files. */
async function moved(folder: string, name: string): Promise<string | undefined> {
  const key = /^([0-9a-f]{64})\.safetensors$/.exec(name)?.[1];
  if (key === undefined) return undefined;
  await mkdir(join(folder, key.slice(0, 2)), { recursive: true });
  await rename(join(folder, name), join(folder, key.slice(0, 2), name)).catch(() => {});
  return key;
}

function allFinite(dtype: FileDType, bytes: Uint8Array): boolean {
  if (dtype !== "F16") return bytesToFloat32(dtype, bytes).every(Number.isFinite);
  return new Uint16Array(bytes.buffer).every((bits) => (bits & 0x7c00) !== 0x7c00);
}
