import {
  hashFile,
  imageHeader,
  isPlain,
  type Raster,
  type Reading,
  type Source,
  sha256,
} from "@inctrl/datasets";
import type { Augmentation } from "./augmentation.js";
import type { ImageItem } from "./source.js";

/** The file that an image is decoded from; undefined for one that only its `load` can read, such as a record of a file of many. */
export const fileOf = ({ source }: ImageItem): Source | undefined =>
  source?.record === undefined ? source : undefined;

/** The sha256 of a file, in hex. */
export type HashOf = (path: string) => Promise<string>;

/** `hashFile` that reads each file once, for a run in which no file may change. */
export function hashOnce(): HashOf {
  const known = new Map<string, Promise<string>>();
  return (path) => {
    const hash = known.get(path) ?? hashFile(path);
    known.set(path, hash);
    return hash;
  };
}

/** An image that is decoded from bytes of this sha256 and refused as changed when its file has others. */
export function pinned<T extends Pick<ImageItem, "source" | "load">>(item: T, sha256: string): T {
  const load = (reading?: Reading) => item.load({ ...reading, sha256 });
  return { ...item, source: item.source && { ...item.source, sha256 }, load };
}

/**
 * What a file of an image shows, so that a copied or renamed image is recognised: the file's sha256, which part of it the image is,
 * and how it is read where that changes pixels.
 */
export async function partHash(
  sha256: string,
  { path, box }: Source,
  reading: ImageItem["reading"] = {},
): Promise<string> {
  const { window = "full" } = reading;
  // Files that stand upright and have 8 bits keep the names that their features had before readings were told apart.
  const turned = reading.orientation === "follow" ? (await imageHeader(path, reading)).orientation : 1;
  const how = [...(turned > 1 ? [{ turned }] : []), ...(isPlain(window) ? [] : [{ window }])];
  if (!box && how.length === 0) return sha256;
  return sha256Of(JSON.stringify([sha256, box && [box.x, box.y, box.width, box.height], undefined, ...how]));
}

/** sha256 of an image's pixels. */
export function pixelHash({ width, height, mode, data, palette }: Raster): string {
  const hash = sha256()
    .update(JSON.stringify([width, height, mode]))
    .update(data);
  return hash.update(palette ?? new Uint8Array()).hex();
}

/** The hash of an image in one of its symmetries, or of the variants of an augmentation; number 0 is the image as it is. */
export const symmetryHash = (
  hash: string,
  symmetry: number,
  augmentation?: Pick<Augmentation, "name">,
): string =>
  // The text is part of the names of stored features and stays as it is.
  symmetry === 0 ? hash : sha256Of(`${hash} ${augmentation?.name ?? "turned"} ${symmetry}`);

const sha256Of = (text: string): string => sha256().update(text).hex();
