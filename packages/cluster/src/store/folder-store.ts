import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemCode } from "@inctrl/datasets";
import {
  linkNew,
  openWholeFile,
  readPlainFile,
  syncFolder,
  TensorFileError,
  temporaryIn,
  writeError,
} from "@inctrl/tensor/files";
import { ClusterError } from "../errors.js";
import type { Store } from "./store.js";

/**
 * Objects as files of a folder. `create` writes beside and links: a link fails where there is a file, also between machines on NFS.
 * File systems without links get a rename, where two machines that finish at once both count as the maker.
 *
 * @example
 * const store = folderStore("runs/archive");
 * await store.create("results/c000000.jsonl", bytes); // true; false when called again
 */
export function folderStore(folder: string): Store {
  const pathOf = (name: string) => join(folder, name);
  const made = new Set<string>();
  const below = async (name: string) => {
    const path = pathOf(name);
    const parent = dirname(path);
    if (made.has(parent)) return path;
    await mkdir(parent, { recursive: true }).catch((error) => {
      throw writeError(parent, error);
    });
    made.add(parent);
    return path;
  };
  return {
    where: folder,
    async read(name, most) {
      try {
        return await readPlainFile(pathOf(name), most);
      } catch (error) {
        if (error instanceof TensorFileError && error.code === "not-found") return null;
        throw error;
      }
    },
    slice: (name, offset, bytes) => readSlice(pathOf(name), offset, bytes),
    create: async (name, content) => createFile(await below(name), content),
    async *list(name) {
      const names = await readdir(pathOf(name)).catch((error) => {
        if (systemCode(error) === "ENOENT") return [];
        throw error;
      });
      yield* names.filter((each) => !each.startsWith(".")).sort();
    },
    open: async (name) => openWholeFile(await below(name)),
    close() {},
  };
}

async function readSlice(path: string, offset: number, bytes: number): Promise<Uint8Array> {
  const handle = await open(path, "r").catch((error) => {
    throw new ClusterError("store", `${path}: cannot be read (${systemCode(error)}); check the run's folder`);
  });
  try {
    const buffer = new Uint8Array(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await handle.read(buffer, filled, bytes - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

/** Makes a file with its bytes on the disk, unless there is one. */
async function createFile(path: string, content: Uint8Array): Promise<boolean> {
  if (await exists(path)) return false;
  const temporary = await temporaryIn(dirname(path));
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const isNew = await place(temporary, path);
    if (isNew) await syncFolder(dirname(path));
    return isNew;
  } catch (error) {
    throw writeError(path, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

async function place(temporary: string, path: string): Promise<boolean> {
  const linked = await linkNew(temporary, path);
  if (linked !== null) return linked;
  if (await exists(path)) return false;
  await rename(temporary, path);
  return true;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
