import { join, relative, sep } from "node:path";
import { byName, type FolderEntries, readFolder } from "../folder/list.js";
import { type DatasetFormat, layoutError } from "./format.js";

/** Archives unpack into folders of their own, some of them twice. */
const DEPTH = 3;
/** A folder that is not the data set's may hold anything. */
const MOST_FOLDERS = 2000;

/**
 * The folder, `dir` itself or the first one at most three levels below it, whose entries `fits` accepts.
 *
 * @throws DatasetError `bad-layout` with `problem` when there is none
 */
export async function locate(
  form: Pick<DatasetFormat, "title" | "layout">,
  dir: string,
  fits: (entries: FolderEntries) => boolean,
  problem: string,
): Promise<string> {
  let archive: string | undefined;
  for await (const { path, entries } of foldersUnder(dir)) {
    if (fits(entries)) return path;
    archive ??= entries.files.find((name) => /\.(zip|tar|tgz|tar\.(gz|xz)|7z|rar)$/i.test(name));
  }
  throw layoutError(form, dir, archive ? `${problem}; unpack ${archive} first` : problem);
}

/** `dir` and the folders below it, level by level, each level by name. */
export async function* foldersUnder(
  dir: string,
): AsyncGenerator<{ path: string; depth: number; entries: FolderEntries }> {
  let level = [dir];
  for (let depth = 0, seen = 0; depth <= DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const path of level) {
      if (++seen > MOST_FOLDERS) return;
      // A folder beside the data that may not be read, such as lost+found, is none of ours.
      const entries = await readFolder(path).catch((error) => {
        if (depth === 0) throw error;
        return { files: [], folders: [] };
      });
      yield { path, depth, entries };
      for (const name of byName(entries.folders)) next.push(join(path, name));
    }
    level = next;
  }
}

/** The entry of this name, in whatever case it is written. */
export function named(names: readonly string[], wanted: string): string | undefined {
  return byName(names).find((name) => name.toLowerCase() === wanted.toLowerCase());
}

/** The path of a file in a data set, the same on every system. */
export function idOf(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}
