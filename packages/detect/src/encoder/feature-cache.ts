import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import {
  openSafetensors,
  parseSafetensors,
  type TensorFile,
  TensorFileError,
  writeSafetensors,
} from "@inctrl/tensor";
import { isLeftover } from "@inctrl/tensor/files";
import { DetectError } from "../errors.js";
import type { FeatureRecipe } from "./recipe.js";

/** Features of one image, as the cache keeps them. */
export interface ImageFeatures {
  /** Patch tokens of the tapped blocks, each of length 1, as float16 bits, [blocks, patches, width]. */
  readonly patches: Uint16Array;
  /** The class feature, [embedDim]. */
  readonly feature: Float32Array;
}

const EXTENSION = ".safetensors";

/**
 * Features of images on disk, one safetensors file an image, named by recipe and content. Files appear whole or not at all, so
 * a kill at any moment leaves the cache sound. Damaged or foreign files count as absent. Above the limit, the files unused for
 * longest are removed. Several processes may share a folder.
 *
 * @example
 * const cache = await FeatureCache.open("cache/features", { limit: 10e9 });
 */
export class FeatureCache {
  readonly folder: string;
  readonly limit: number;
  /** Bytes of each file, least recently used first. */
  readonly #files: Map<string, number>;
  #bytes = 0;

  private constructor(folder: string, limit: number, files: Map<string, number>) {
    this.folder = folder;
    this.limit = limit;
    this.#files = files;
    for (const size of files.values()) this.#bytes += size;
  }

  /** Opens a folder, creates it where it is missing, and removes temporary files that killed processes left. */
  static async open(
    folder: string,
    { limit = Number.POSITIVE_INFINITY }: { limit?: number } = {},
  ): Promise<FeatureCache> {
    await mkdir(folder, { recursive: true });
    const found: { key: string; size: number; used: number }[] = [];
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name);
      const info = await stat(path).catch(() => null);
      if (!info?.isFile()) continue;
      const key = keyOf(name);
      if (key) found.push({ key, size: info.size, used: info.mtimeMs });
      else if (await isLeftover(path)) await rm(path, { force: true });
    }
    found.sort((a, b) => a.used - b.used);
    const cache = new FeatureCache(folder, limit, new Map(found.map(({ key, size }) => [key, size])));
    await cache.#evict();
    return cache;
  }

  get bytes(): number {
    return this.#bytes;
  }

  static key(recipe: FeatureRecipe, content: string): string {
    return createHash("sha256").update(`${recipe.id}\n${content}`).digest("hex");
  }

  /** The class feature alone; null where the file is absent or damaged. */
  async readFeature(key: string, recipe: FeatureRecipe): Promise<Float32Array | null> {
    return this.#guarded(key, async (path) => {
      const file = await openSafetensors(path);
      try {
        check(file, key, recipe);
        return await file.readFloat32("feature");
      } finally {
        await file.close();
      }
    });
  }

  /** The patch tokens; null where the file is absent or damaged. */
  async readPatches(key: string, recipe: FeatureRecipe): Promise<Uint16Array | null> {
    return this.#guarded(key, async (path) => {
      const file = parseSafetensors(await readFile(path), path);
      check(file, key, recipe);
      const { byteLength } = file.tensors.get("patches")!;
      const bytes = new Uint8Array(byteLength);
      let at = 0;
      for await (const chunk of file.stream("patches")) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return new Uint16Array(bytes.buffer);
    });
  }

  /** Stores the features of an image. @throws TensorFileError `write` where the disk refuses. */
  async write(key: string, recipe: FeatureRecipe, { patches, feature }: ImageFeatures): Promise<void> {
    const path = this.#path(key);
    await mkdir(join(path, ".."), { recursive: true });
    await writeSafetensors(
      path,
      {
        patches: { dtype: "F16", shape: recipe.patches, data: patches },
        feature: { dtype: "F32", shape: [recipe.embedDim], data: feature },
      },
      { key },
    );
    this.#note(key, (await stat(path)).size);
    await this.#evict();
  }

  #path(key: string): string {
    return join(this.folder, key.slice(0, 2), key + EXTENSION);
  }

  /** Reads a file and notes its use. A damaged file is removed. */
  async #guarded<T>(key: string, read: (path: string) => Promise<T>): Promise<T | null> {
    const path = this.#path(key);
    try {
      const { size } = await stat(path);
      const value = await read(path);
      this.#note(key, size);
      const now = new Date();
      // Fails where another process has removed the file, or where the folder is read-only; neither matters.
      await utimes(path, now, now).catch(() => {});
      return value;
    } catch (error) {
      const damaged = error instanceof TensorFileError || error instanceof DetectError;
      if (damaged) await rm(path, { force: true }).catch(() => {});
      this.#forget(key);
      return null;
    }
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

/** The key of a path in the cache; undefined for files of other kinds. */
function keyOf(name: string): string | undefined {
  return /^(?<bucket>[0-9a-f]{2})[/\\](?<key>\k<bucket>[0-9a-f]{62})\.safetensors$/.exec(name)?.groups?.key;
}

/** Throws unless a file holds exactly what its name says. */
function check(file: TensorFile, key: string, recipe: FeatureRecipe): void {
  const fits = (name: string, dtype: string, shape: readonly number[]) => {
    const stored = file.tensors.get(name);
    return stored?.dtype === dtype && stored.shape.join() === shape.join();
  };
  const sound =
    file.metadata.key === key &&
    fits("patches", "F16", recipe.patches) &&
    fits("feature", "F32", [recipe.embedDim]);
  if (!sound) throw new DetectError("cache", `${file.path}: holds no features of this kind`);
}
