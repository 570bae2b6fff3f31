import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { fromDisk, onDisk } from "@inctrl/tensor/files";
import { fileFormat } from "../decode/decode.js";
import { DatasetError, type ImageError, readError, systemCode } from "../errors.js";
import { type LeftOut, NOT_ENTERED } from "./left-out.js";

/** Endings that make a file an image, whatever it holds: one that cannot be read is refused by name. */
const IMAGE = /\.(png|apng|bmp|dib|jpe?g|jpe|jfif|jp[2xfc]|j2[kc]|webp|tiff?|gif|p[abgnpf]m)$/i;

/** Endings of images of other formats, which are told from those by their content. */
const OTHER_IMAGE =
  /\.(heic|heif|hif|avif|jxl|jp2|j2k|jpf|jpx|jpm|svg|psd|tga|dds|exr|hdr|ico|pcx|qoi|dcm|nii|fits?|dng|cr[23w]|nef|arw|raf|rw2|orf|raw)$/i;

/** What operating systems and their file servers put beside files. It is left out without a word. */
const SYSTEM =
  /^(\._.*|\.DS_Store|\.localized|\.Spotlight-V100|\.Trashes|\.fseventsd|__MACOSX|(eh)?thumbs\.db|desktop\.ini|\$RECYCLE\.BIN|System Volume Information|lost\+found|@eaDir|\.directory)$/i;

export interface ListOptions {
  /** Also look in subfolders. Default false. */
  readonly recursive?: boolean;
}

/** What a folder holds. */
export interface Listing {
  /** Paths of the images, sorted. */
  readonly images: readonly string[];
  /** What is left out, sorted by path. */
  readonly left: readonly LeftOut[];
}

/** A copy sorted by name, by UTF-16 code units. The order is the same on every machine and in every locale. */
export function byName<T>(items: readonly T[], name: (item: T) => string = String): T[] {
  return items
    .map((item) => ({ item, key: name(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item);
}

/**
 * Lists the image files of a folder, sorted by path. An image is known by its ending, in any case, else by its content. Hidden
 * files and folders are left out; links are followed, each folder once. A name takes about 100 bytes of memory.
 *
 * @throws DatasetError `missing`, `not-a-folder` or `unreadable`
 * @example
 * for (const path of await listImages("parts/good")) console.log(path);
 */
export async function listImages(folder: string, options: ListOptions = {}): Promise<string[]> {
  return [...(await readListing(folder, options)).images];
}

/** Lists the images of a folder as `listImages` does, and names everything that is left out. */
export async function readListing(folder: string, { recursive }: ListOptions = {}): Promise<Listing> {
  const images: string[] = [];
  const left: LeftOut[] = [];
  const leave = (path: string, reason: string, image = IMAGE.test(path) || OTHER_IMAGE.test(path)) =>
    left.push({ path, reason, image });
  const visited = new Set<string>();
  // Links come last, so that a folder is listed under its own name where that is below the given one.
  const [folders, links] = [[folder], [] as string[]];
  for (let next = folders.pop(); next !== undefined; next = folders.pop() ?? links.shift()) {
    const within = next;
    if (recursive && (await isVisited(within, visited))) {
      leave(within, "a folder that is listed already");
      continue;
    }
    const entries = await readEntries(within).catch((error: ImageError) => {
      if (within === folder) throw error;
      leave(within, error.problem, true);
      return [];
    });
    const unknown: string[] = [];
    for (const { name, kind, link } of byName(entries, ({ name }) => name)) {
      const path = join(within, name);
      if (SYSTEM.test(name)) continue;
      if (name.startsWith(".")) leave(path, "hidden", false);
      else if (kind === "file") (IMAGE.test(name) ? images : unknown).push(path);
      else if (kind !== "folder") leave(path, kind);
      else if (recursive) (link ? links : folders).push(path);
      else leave(path, NOT_ENTERED);
    }
    for (let at = 0; at < unknown.length; at += AT_ONCE) {
      const paths = unknown.slice(at, at + AT_ONCE);
      const problems = await Promise.all(paths.map(problemOf));
      for (const [i, path] of paths.entries()) {
        const error = problems[i];
        if (!error) images.push(path);
        else leave(path, error.problem, error.code === "unreadable" || undefined);
      }
    }
  }
  return { images: byName(images), left: byName(left, ({ path }) => path) };
}

/** Files opened at once. */
const AT_ONCE = 32;

/** Why the content of a file is no image that is read; null where it is one. */
const problemOf = (path: string): Promise<ImageError | null> =>
  fileFormat(path).then(
    () => null,
    (error: ImageError) => error,
  );

/** Whether the folder is one of those visited, under any name; it is from now on. */
async function isVisited(folder: string, visited: Set<string>): Promise<boolean> {
  const real = await realpath(onDisk(folder), "buffer").catch(() => Buffer.from(folder));
  const key = real.toString("latin1");
  return visited.has(key) || !visited.add(key);
}

/** The visible subfolders of a folder, sorted by name; links to folders count. */
export async function listFolders(folder: string): Promise<string[]> {
  return byName((await readFolder(folder)).folders);
}

/** Names in a folder, in the file system's order. */
export interface FolderEntries {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Names of the visible files and folders in `folder`; dangling links are left out. */
export async function readFolder(folder: string): Promise<FolderEntries> {
  const entries = await readEntries(folder);
  const names = (wanted: Entry["kind"]) =>
    entries
      .filter(({ name, kind }) => kind === wanted && !name.startsWith(".") && !SYSTEM.test(name))
      .map(({ name }) => name);
  return { files: names("file"), folders: names("folder") };
}

interface Entry {
  readonly name: string;
  /** What it is, or what its link leads to. */
  readonly kind: "file" | "folder" | "a link to nothing" | "no plain file";
  readonly link: boolean;
}

/** @throws DatasetError `missing`, `not-a-folder` or `unreadable` */
async function readEntries(folder: string): Promise<Entry[]> {
  const found = await readNames(onDisk(folder)).catch((error) => {
    throw pathError(folder, error);
  });
  const entries: Entry[] = [];
  for (const { name, entry } of found) {
    const target = entry.isSymbolicLink() ? await stat(onDisk(join(folder, name))).catch(() => null) : entry;
    const kind = !target
      ? "a link to nothing"
      : target.isFile()
        ? "file"
        : target.isDirectory()
          ? "folder"
          : "no plain file";
    entries.push({ name, kind, link: entry.isSymbolicLink() });
  }
  return entries;
}

async function readNames(path: string | Buffer): Promise<{ name: string; entry: Dirent | Dirent<Buffer> }[]> {
  const found = await readdir(path, { withFileTypes: true });
  // U+FFFD stands for bytes that are no UTF-8; only then the bytes are asked for.
  if (!found.some(({ name }) => name.includes("\ufffd")))
    return found.map((entry) => ({ name: entry.name, entry }));
  const bytes = await readdir(path, { withFileTypes: true, encoding: "buffer" });
  return bytes.map((entry) => ({ name: fromDisk(entry.name), entry }));
}

/** The error for a path that is no file or folder, or not the one of both that is wanted. */
export function pathError(path: string, error: unknown): DatasetError {
  if (systemCode(error) !== "ENOTDIR") return readError(path, error, "file or folder");
  return new DatasetError("not-a-folder", `${path}: this is a file; give its folder`);
}
