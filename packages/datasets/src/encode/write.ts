import { randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DatasetError, systemCode } from "../errors.js";

/**
 * Writes a file whole or not at all: under a temporary name in the same folder, synced, then renamed. The temporary file is
 * removed where anything fails.
 *
 * @throws DatasetError `disk-full`, `not-writable` or `missing` (no such folder)
 * @example
 * await writeFileAtomic("heatmap.png", encodePng(picture));
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  await refuseDevice(path);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeError(path, error);
  }
}

/** Renaming over a device (such as /dev/null) would replace it by a plain file. */
async function refuseDevice(path: string): Promise<void> {
  const there = await stat(path).catch(() => null);
  if (there && !there.isFile() && !there.isDirectory()) {
    throw new DatasetError("not-writable", `${path}: is a device, not a file; write to a file`);
  }
}

/** The error for a file that the system refuses to write. */
export function writeError(path: string, error: unknown): DatasetError {
  const code = systemCode(error);
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new DatasetError("disk-full", `${path}: the disk is full; free some space or write elsewhere`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new DatasetError("not-writable", `${path}: no permission to write here; choose another folder`);
    case "ENOENT":
    case "ENOTDIR":
      return new DatasetError("missing", `${path}: there is no folder ${dirname(path)}; make it first`);
    case "EISDIR":
      return new DatasetError("not-writable", `${path}: this is a folder; give a file name`);
    default:
      return new DatasetError(
        "not-writable",
        `${path}: cannot be written (${code || String(error)}); check the disk`,
      );
  }
}
