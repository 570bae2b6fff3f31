import { join, parse } from "node:path";
import { DatasetError } from "../errors.js";
import { listImages } from "../folder/list.js";
import { folderFormat } from "./folder-format.js";
import { layoutError } from "./format.js";
import { named } from "./names.js";
import { anomalous, fileSample, NORMAL, oneCategory } from "./samples.js";
import { readText, rowsOf } from "./table.js";

/** Slices of computed tomography of heads, with and without a haemorrhage (Kaggle, Kitamura 2018). */
export const headct = folderFormat({
  name: "headct",
  title: "HeadCT",
  layout: "head_ct/NNN.png and labels.csv (id, hemorrhage)",
  fits: ({ files }) => named(files, "labels.csv") !== undefined,
  missing: "no labels.csv",
  read,
});

async function read(root: string) {
  const images = new Map<number, string>();
  for (const path of await listImages(root, { recursive: true })) {
    const { name } = parse(path);
    if (/^\d{1,9}$/.test(name) && !images.has(Number(name))) images.set(Number(name), path);
  }
  if (images.size === 0) throw layoutError(headct, root, "no image with a number for its name");
  const list = join(root, "labels.csv");
  return headctCategories(root, list, await readText(list), images);
}

/** The category of its list and its images by number. @throws DatasetError `bad-layout` */
export function headctCategories(
  root: string,
  list: string,
  text: string,
  images: ReadonlyMap<number, string>,
) {
  const samples = rowsOf(list, text, ["id", "hemorrhage"]).map(({ where, cells }) => {
    const { id, hemorrhage } = cells;
    if (!/^\d{1,9}$/.test(id) || !/^[01]$/.test(hemorrhage)) {
      const found = `${id}, ${hemorrhage}`.slice(0, 80);
      throw new DatasetError("bad-layout", `${where}: "${found}"; give a number and 0 or 1`);
    }
    // A missing image keeps its place, so that the split stays; loading it reports it.
    const path = images.get(Number(id)) ?? join(root, "head_ct", `${id.padStart(3, "0")}.png`);
    return fileSample(root, path, hemorrhage === "0" ? NORMAL : anomalous("haemorrhage"));
  });
  return oneCategory({ name: "headct", className: "head", root, samples });
}
