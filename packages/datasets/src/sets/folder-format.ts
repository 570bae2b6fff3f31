import { join } from "node:path";
import { byName, type FolderEntries, readFolder } from "../folder/list.js";
import { type DatasetFormat, layoutError, readChoice } from "./format.js";
import type { DataSet } from "./model.js";

/** Archives unpack into folders of their own, some of them twice. */
const MAX_DEPTH = 3;
/** A bound for folders that hold something else. */
const MAX_FOLDERS = 2000;

type Choices = Readonly<Record<string, readonly string[]>>;

/** The categories of a folder, and the files that could not be made samples. */
export type Listed = Pick<DataSet, "categories"> & Partial<Pick<DataSet, "skipped">>;

/** What a format that is a folder states of itself. */
export interface FolderFormat<C extends Choices = Choices> extends Omit<DatasetFormat, "argument" | "open"> {
  /** The values of each option; the first is the default. */
  readonly choices?: C;
  /** Whether a folder with these entries is that of the data set. */
  fits(entries: FolderEntries): boolean;
  /** The problem where no folder fits, such as "no labels.csv". */
  readonly missing: string;
  /** Lists the samples below the folder that was found. */
  read(root: string, options: { readonly [name in keyof C]: C[name][number] }): Promise<Listed>;
}

/**
 * A format that is a folder: the given one, or the first folder at most three levels below it that fits, since archives unpack
 * into folders of their own.
 */
export function folderFormat<const C extends Choices>(description: FolderFormat<C>): DatasetFormat {
  const { choices, fits, missing, read, ...format } = description;
  return {
    ...format,
    argument: "DIR",
    async open(dir, options) {
      const chosen = Object.entries(choices ?? {}).map(([name, values]) => [
        name,
        readChoice(options, name, values),
      ]);
      let archive: string | undefined;
      for await (const { path, entries } of foldersUnder(dir)) {
        if (fits(entries)) {
          return { name: format.name, skipped: [], ...(await read(path, Object.fromEntries(chosen))) };
        }
        archive ??= entries.files.find((name) => /\.(zip|tar|tgz|tar\.(gz|xz)|7z|rar)$/i.test(name));
      }
      throw layoutError(format, dir, archive ? `${missing}; unpack ${archive} first` : missing);
    },
  };
}

/** `dir` and the folders below it, level by level, each level by name. */
export async function* foldersUnder(
  dir: string,
): AsyncGenerator<{ path: string; depth: number; entries: FolderEntries }> {
  let level = [dir];
  for (let depth = 0, seen = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const path of level) {
      if (++seen > MAX_FOLDERS) return;
      // A folder below that may not be read, such as lost+found, counts as empty.
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
