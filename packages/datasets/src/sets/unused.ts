import { parse, resolve, sep } from "node:path";
import { leftOutText } from "../folder/left-out.js";
import { readListing } from "../folder/list.js";
import { count } from "../text.js";
import { withoutMaskWords } from "./masks.js";
import type { DataSet } from "./model.js";
import { idOf } from "./names.js";
import { isMaskFolder } from "./part.js";

/**
 * Says which images in the folder of a data set are none of its samples, so that a layout which takes 4 of 12 images does not pass for
 * one that takes all. Masks are left to the layouts, and so is what is skipped with a reason of its own.
 */
export async function noteUnused(folder: string, dataSet: DataSet): Promise<DataSet> {
  const samples = dataSet.categories.flatMap(({ train, test }) => [...train, ...test]);
  const files = samples.flatMap(({ source, maskFiles = [] }) => [
    ...(source ? [source.path] : []),
    ...maskFiles,
  ]);
  const used = new Set(files.map((path) => resolve(path)));
  const stems = new Set(files.map(stemOf));
  const skipped = new Set(dataSet.skipped.map(({ id }) => id.replace(/#.*$/s, "")));

  const isMask = (path: string): boolean => {
    const folders = idOf(folder, path).split("/").slice(0, -1);
    const stem = stemOf(path);
    const image = withoutMaskWords(stem);
    return folders.some(isMaskFolder) || (image !== stem && stems.has(image));
  };
  /** Ids begin at the folder of the set, which may lie deeper than the given one, or at its class's parent. */
  const isSkipped = (path: string): boolean => {
    const parts = resolve(path).split(/[\\/]/);
    return skipped.size > 0 && parts.some((_, i) => skipped.has(parts.slice(i).join("/")));
  };
  const noted = (dataSet.noted ?? []).map((path) => resolve(path));
  const isNoted = (path: string) =>
    noted.some((each) => `${resolve(path)}${sep}`.startsWith(`${each}${sep}`));
  const { images, left } = await readListing(folder, { recursive: true });
  const others = images
    .filter((path) => !used.has(resolve(path)) && !isMask(path) && !isSkipped(path))
    .map((path) => ({ path, reason: "not among its samples", image: true }));
  const unused = [...others, ...left.filter(({ image }) => image)].filter(({ path }) => !isNoted(path));
  if (unused.length === 0) return dataSet;
  const note = `${count(unused.length, "image")} below ${folder} not used: ${leftOutText(unused)}`;
  return { ...dataSet, notes: [...(dataSet.notes ?? []), note] };
}

const stemOf = (path: string): string => parse(path).name.toLowerCase();
