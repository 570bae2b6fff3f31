import { createHash } from "node:crypto";
import { hashFile, imageHeader, isPlain, type Raster } from "@inctrl/datasets";
import type { ImageItem } from "./source.js";

/**
 * sha256 of what an image shows, so that a copied or renamed image is recognised: of its file, of which part of the file it
 * is, and of how it is read where that changes pixels. Without a file, of the pixels that `load` gives.
 *
 * @param files hashes of the files so far: files that hold many images are read once.
 * @throws ImageError where the file cannot be read.
 */
export async function sampleHash(
  { source, reading = {} }: ImageItem,
  load: () => Promise<Raster>,
  files: Map<string, Promise<string>>,
): Promise<string> {
  const hash = createHash("sha256");
  if (!source) {
    const { width, height, mode, data, palette } = await load();
    hash.update(JSON.stringify([width, height, mode])).update(data);
    return hash.update(palette ?? new Uint8Array()).digest("hex");
  }
  const { path, box, record } = source;
  const file = files.get(path) ?? hashFile(path);
  files.set(path, file);
  const { window = "full" } = reading;
  // Files that stand upright and have 8 bits keep the names that their features had before readings were told apart.
  const turned =
    record === undefined && reading.orientation === "follow"
      ? (await imageHeader(path, reading)).orientation
      : 1;
  const how = [...(turned > 1 ? [{ turned }] : []), ...(isPlain(window) ? [] : [{ window }])];
  if (!box && record === undefined && how.length === 0) return file;
  const part = [await file, box && [box.x, box.y, box.width, box.height], record, ...how];
  return hash.update(JSON.stringify(part)).digest("hex");
}

/** The hash of an image in one of its symmetries; symmetry 0 is the image as it is. */
export const symmetryHash = (hash: string, symmetry: number): string =>
  // The text is part of the names of stored features and stays as it is.
  symmetry === 0 ? hash : createHash("sha256").update(`${hash} turned ${symmetry}`).digest("hex");
