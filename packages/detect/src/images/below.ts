import { realpath } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { liesBelow } from "@inctrl/datasets";
import { onDisk } from "@inctrl/tensor/files";
import { parseFewShot } from "./few-shot.js";

/**
 * The image that a name in a bank leads to, in a folder: under the name itself, below the folder, or under its last part there.
 * Anyone may have written the name, so nothing outside the folder is found, and links that lead out of it are not followed.
 *
 * @returns null where there is none.
 * @example
 * await findBelow("good", "/data/2024/good/003.png"); // "/home/me/good/003.png"
 */
export async function findBelow(folder: string, name: string): Promise<string | null> {
  const file = parseFewShot(name)?.path ?? name;
  const root = await realpath(onDisk(folder));
  for (const path of [resolve(file), join(root, file), join(root, basename(file))]) {
    const real = await realpath(onDisk(path)).catch(() => null);
    if (real !== null && liesBelow(root, real)) return real + name.slice(file.length);
  }
  return null;
}
