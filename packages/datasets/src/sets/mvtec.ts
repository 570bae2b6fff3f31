import { basename, dirname, join, resolve } from "node:path";
import { type Item, readProductSet } from "../folder/mvtec.js";
import { foldersUnder } from "./folder-format.js";
import { type DatasetFormat, layoutError } from "./format.js";
import type { Category, DataSet } from "./model.js";
import { anomalous, fileSample, NORMAL } from "./samples.js";

const LAYOUT =
  "train/good, test/good and test/<defect>, in a folder a class; ground_truth/<defect>/*_mask.png";

/** MVTec AD: fifteen classes of textures and objects (Bergmann et al. 2019). */
export const mvtec = classFolders("mvtec", "MVTec AD");

/** A user's own images in the same folders. */
export const folder = classFolders("folder", "a folder in MVTec AD's form");

/** One class, or all classes that lie in a folder. */
function classFolders(name: string, title: string): DatasetFormat {
  const format = { name, title, argument: "DIR", layout: LAYOUT };
  const open = async (dir: string): Promise<DataSet> => {
    const classes = await findClasses(dir);
    if (classes.length === 0) throw layoutError(format, dir, "no folder in it has train and test");
    return { name, categories: await Promise.all(classes.map(readCategory)), skipped: [] };
  };
  return { ...format, open };
}

/** The folders with `train` or `test` in them, side by side at the first level that has any, by name. */
async function findClasses(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, entries } of foldersUnder(dir)) {
    if (found.length > 0 && dirname(path) !== dirname(found[0])) break;
    if (entries.folders.includes("train") || entries.folders.includes("test")) found.push(path);
  }
  return found;
}

async function readCategory(path: string): Promise<Category> {
  const { train, test } = await readProductSet(path);
  const sample = ({ path: file, label, kind, mask }: Item) =>
    fileSample(join(path, ".."), file, label ? anomalous(kind) : NORMAL, mask && label ? [mask] : []);
  const name = basename(resolve(path));
  return { name, className: name, train: train.map(sample), test: test.map(sample) };
}
