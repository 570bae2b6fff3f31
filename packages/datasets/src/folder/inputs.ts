import { realpathSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { onDisk } from "@inctrl/tensor/files";
import { DatasetError } from "../errors.js";
import { type LeftOut, leftOutText, NOT_ENTERED } from "./left-out.js";
import { type Listing, type ListOptions, pathError, readFolder, readListing } from "./list.js";

/** The images that files and folders stand for. */
export interface FoundImages extends Listing {
  /** Folders without images of their own, of which the images of their subfolders are taken. */
  readonly entered: readonly string[];
}

export interface FindOptions extends ListOptions {
  /** Leave out further names of a file that is listed already. Default false. */
  readonly distinct?: boolean;
}

/**
 * The images that files and folders stand for. A file stands for itself, whatever its ending and content. A folder stands for its
 * images, in order of name, and for those of its subfolders where `recursive` says so or, by default, where it has none of its own.
 *
 * @throws DatasetError `missing` for a path that does not exist, `empty` for a folder without images or no paths
 * @example
 * const { images, left } = await findImages(["parts/good", "extra/one.png"]);
 * console.error(leftOutText(left)); // "parts/good/notes.txt (a text file, not an image)"
 */
export async function findImages(
  paths: readonly string[],
  { recursive, distinct }: FindOptions = {},
): Promise<FoundImages> {
  const images: string[] = [];
  const left: LeftOut[] = [];
  const entered: string[] = [];
  const known = new Set<string>();
  const take = (path: string) => {
    const file = distinct ? whichFile(path) : "";
    if (distinct && known.has(file))
      left.push({ path, reason: "a file that is listed already", image: false });
    else images.push(path);
    known.add(file);
  };
  for (const given of paths) {
    const path = await givenPath(given);
    const info = await stat(onDisk(path)).catch((error) => {
      throw pathError(path, error);
    });
    if (!info.isDirectory()) {
      take(path);
      continue;
    }
    let listing = await readListing(path, { recursive });
    if (listing.images.length === 0 && recursive === undefined) {
      listing = await readListing(path, { recursive: true });
      entered.push(path);
    }
    if (listing.images.length === 0) throw emptyError(path, listing);
    for (const each of listing.left) left.push(each);
    for (const image of listing.images) take(image);
  }
  if (images.length === 0) {
    throw new DatasetError("empty", "no images: name image files or a folder of them");
  }
  return { images, left, entered };
}

/**
 * What is the same for all names of a file, links of both kinds included, and differs for other files. A name that leads to no file
 * stands for itself.
 */
export function whichFile(path: string): string {
  try {
    const name = onDisk(path);
    const { dev, ino, nlink } = statSync(name, { bigint: true });
    // Some network file systems have no inodes; there are no hard links there either.
    return nlink > 1n ? `${dev}:${ino}` : realpathSync.native(name, "buffer").toString("latin1");
  } catch {
    return resolve(path);
  }
}

/** The file or folder that is meant. Node gives U+FFFD for bytes of an argument that are no UTF-8: its folder knows them. */
async function givenPath(path: string): Promise<string> {
  if (!path.includes("\ufffd")) return path;
  const [folder, last] = [await givenPath(dirname(path)), basename(path)];
  const { files, folders } = await readFolder(folder).catch(() => ({ files: [], folders: [] }));
  const alike = [...files, ...folders].filter((name) => lossy(name) === last);
  if (alike.length < 2 || alike.includes(last))
    return join(folder, alike.includes(last) ? last : (alike[0] ?? last));
  const message = `${path}: ${alike.length} files have this name but for bytes that are no UTF-8; give their folder`;
  throw new DatasetError("missing", message);
}

/** A name with U+FFFD as Node puts it. */
const lossy = (name: string): string => String(onDisk(name));

function emptyError(folder: string, { left }: Listing): DatasetError {
  const folders = left.filter(({ reason }) => reason === NOT_ENTERED).map(({ path }) => basename(path));
  const inside = `name one of its folders (${folders.slice(0, 4).join(", ")})`;
  const files = left.length > 0 ? `; left out: ${leftOutText(left)}` : "";
  const mend = folders.length > 0 ? inside : `put PNG, JPEG, BMP, WebP, TIFF or GIF files there${files}`;
  return new DatasetError("empty", `${folder}: no images in this folder; ${mend}`);
}
