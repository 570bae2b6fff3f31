import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { openSafetensors, writeSafetensors } from "@inctrl/tensor";

/** Classes kept: 6 kB each. Those unused for longest go. */
const MAX_CLASSES = 1000;
const EXTENSION = ".safetensors";

/**
 * Text prototypes on disk, a file for each key, which names all they depend on. Files appear whole or not at all; what is
 * damaged, foreign or cannot be read counts as absent, and a folder that cannot be written to keeps nothing.
 */
export class PrototypeCache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The values stored under a key, 2 x `embedDim`; null where there are none. */
  async read(key: string, embedDim: number): Promise<Float32Array | null> {
    const path = join(this.folder, key + EXTENSION);
    try {
      const file = await openSafetensors(path);
      try {
        const stored = file.tensors.get("prototypes");
        if (file.metadata.key !== key || stored?.shape.join() !== `2,${embedDim}`) return null;
        const values = await file.readFloat32("prototypes");
        // Each is of length 1: a file whose values were damaged is told by that.
        for (const at of [0, embedDim]) {
          const norm = Math.hypot(...values.subarray(at, at + embedDim));
          if (!(Math.abs(norm - 1) < 1e-3)) return null;
        }
        const now = new Date();
        await utimes(path, now, now).catch(() => {});
        return values;
      } finally {
        await file.close();
      }
    } catch {
      return null;
    }
  }

  async write(key: string, className: string, values: Float32Array): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true });
      const prototypes = { dtype: "F32" as const, shape: [2, values.length / 2], data: values };
      await writeSafetensors(join(this.folder, key + EXTENSION), { prototypes }, { key, class: className });
      await this.#evict();
    } catch {
      // The next run computes them again.
    }
  }

  async #evict(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith(EXTENSION));
    if (names.length <= MAX_CLASSES) return;
    const used = await Promise.all(
      names.map(async (name) => {
        const path = join(this.folder, name);
        return { path, at: (await stat(path).catch(() => null))?.mtimeMs ?? 0 };
      }),
    );
    used.sort((a, b) => a.at - b.at);
    for (const { path } of used.slice(0, names.length - MAX_CLASSES)) await rm(path, { force: true });
  }
}
