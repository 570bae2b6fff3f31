import { join } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, type FolderEntries, readFolder } from "../folder/list.js";
import { type DatasetFormat, type FormatOptions, layoutError, readChoice } from "./format.js";
import type { DataSet } from "./model.js";

/** Archives unpack into folders of their own, some of them twice. */
const MAX_DEPTH = 3;
/** A bound for folders that hold something else. */
const MAX_FOLDERS = 2000;

type Choices = Readonly<Record<string, readonly string[]>>;

/** The categories of a folder, and the files that could not be made samples. */
export type Listed = Pick<DataSet, "categories"> & Partial<Pick<DataSet, "skipped" | "notes" | "noted">>;

/** A folder and the names in it. */
export interface Place extends FolderEntries {
  readonly path: string;
}

/** How a data set lies in a folder. */
export interface Layout<C extends Choices = Choices> extends Pick<DatasetFormat, "layout" | "options"> {
  /** The layout in a word, for sets that circulate in it too. */
  readonly form?: string;
  /** The values of each option; the first is the default. */
  readonly choices?: C;
  /** Whether a folder is that of the data set. */
  fits(place: Place): boolean | Promise<boolean>;
  /** The problem where no folder fits, such as "no labels.csv". */
  readonly missing: string;
  /** Lists the samples below the folder that was found. */
  read(root: string, options: { readonly [name in keyof C]: C[name][number] }): Promise<Listed>;
}

/** What a format that is a folder states of itself. */
export interface FolderFormat<C extends Choices = Choices> extends Layout<C> {
  readonly name: string;
  readonly title: string;
}

/** A format that is a folder, with the layout that it is published in. */
export interface FolderSet extends DatasetFormat {
  readonly published: FolderFormat;
}

/**
 * A format that is a folder: the given one, or the first folder at most three levels below it that fits, since archives unpack
 * into folders of their own.
 *
 * @param others Further layouts that the set circulates in. Of those that fit a folder the first is taken.
 */
export function folderFormat<const C extends Choices>(own: FolderFormat<C>, ...others: Layout[]): FolderSet {
  const { name, title } = own;
  const layouts: readonly Layout[] = [own, ...others];
  const layout = [own.layout, ...others.map(({ form, layout }) => form ?? layout)].join("; or ");
  return {
    ...{ name, title, layout, argument: "DIR", published: own },
    options: Object.assign({}, ...layouts.map(({ options }) => options)),
    async open(dir, options) {
      const { found, listed, first } = await openLayout(dir, layouts, options);
      if (found) return { name, skipped: [], ...listed };
      const missing = layouts.map(({ missing }) => missing).join(", and ");
      throw layoutError({ title, layout }, dir, missing + first);
    },
  };
}

/**
 * Lists the samples of the first folder, level by level, that a layout fits. Where none does, `first` is what is to be done, such as
 * "; unpack a.zip first".
 *
 * @throws DatasetError `bad-argument` for an option that the layout does not have, or a value that it does not take
 */
export async function openLayout<L extends Layout>(
  dir: string,
  layouts: readonly L[],
  options: FormatOptions,
): Promise<
  | { found: L; path: string; listed: Listed; first?: never }
  | { found?: never; path?: never; listed?: never; first: string }
> {
  const choicesOf = ({ choices = {} }: Layout) =>
    Object.fromEntries(
      Object.entries(choices).map(([name, values]) => [name, readChoice(options, name, values)]),
    );
  for (const layout of layouts) choicesOf(layout);
  let archive: string | undefined;
  for await (const place of foldersUnder(dir)) {
    for (const found of layouts) {
      if (!(await found.fits(place))) continue;
      const choices = choicesOf(found);
      const strange = Object.keys(options).find((name) => !Object.hasOwn(choices, name));
      if (strange === undefined)
        return { found, path: place.path, listed: await found.read(place.path, choices) };
      const message = `${place.path}: this layout has no option ${strange} (${found.layout}); leave it out`;
      throw new DatasetError("bad-argument", message);
    }
    archive ??= place.files.find((name) => /\.(zip|tar|tgz|tar\.(gz|xz)|7z|rar)$/i.test(name));
  }
  return { first: archive ? `; unpack ${archive} first` : "" };
}

/** `dir` and the folders below it, level by level, each level by name. */
async function* foldersUnder(dir: string): AsyncGenerator<Place> {
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
      yield { path, ...entries };
      for (const name of byName(entries.folders)) next.push(join(path, name));
    }
    level = next;
  }
}
