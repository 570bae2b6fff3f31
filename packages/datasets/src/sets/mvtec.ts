import { existsSync } from "node:fs";
import { basename, dirname, join, parse, resolve } from "node:path";
import { DatasetError } from "../errors.js";
import { listFolders, listImages } from "../folder/list.js";
import { foldersUnder } from "./folder-format.js";
import { type DatasetFormat, layoutError } from "./format.js";
import { type Category, type DataSet, GOOD, type Sample } from "./model.js";
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
    return { name, categories: await Promise.all(classes.map(readProductSet)), skipped: [] };
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

/**
 * Reads a class in the layout of MVTec AD: `train/good`, `test/good`, `test/<kind>`, and, where there are masks,
 * `ground_truth/<kind>/NAME_mask.png` (or NAME.png). Sorted by kind, then by name.
 *
 * @throws DatasetError `bad-layout` naming what is missing, `empty` when `train/good` or `test` hold no images
 * @example
 * const { train, test } = await readProductSet("mvtec/leather");
 */
export async function readProductSet(path: string): Promise<Category> {
  const [good, tests] = [join(path, "train", GOOD), join(path, "test")];
  for (const wanted of [good, tests]) if (!existsSync(wanted)) throw await missingFolder(path, wanted);
  const root = join(path, "..");
  const train = (await listImages(good)).map((file) => fileSample(root, file, NORMAL));
  const test: Sample[] = [];
  for (const kind of await listFolders(tests)) {
    const truth = kind === GOOD ? NORMAL : anomalous(kind);
    const masks = truth.label ? await masksByStem(join(path, "ground_truth", kind)) : undefined;
    for (const file of await listImages(join(tests, kind))) {
      const mask = masks?.get(parse(file).name);
      test.push(fileSample(root, file, truth, mask ? [mask] : []));
    }
  }
  const empty = train.length === 0 ? good : test.length === 0 ? tests : undefined;
  if (empty) throw new DatasetError("empty", `${empty}: no images in it; put the images there`);
  const name = basename(resolve(path));
  return { name, className: name, train, test };
}

async function masksByStem(path: string): Promise<Map<string, string>> {
  if (!existsSync(path)) return new Map();
  return new Map((await listImages(path)).map((file) => [parse(file).name.replace(/_mask$/, ""), file]));
}

async function missingFolder(path: string, missing: string): Promise<DatasetError> {
  const classes = (await listFolders(path)).filter((name) => existsSync(join(path, name, "train", GOOD)));
  const mend =
    classes.length > 0
      ? `give one of its classes (${classes.slice(0, 4).join(", ")})`
      : "lay it out as train/good, test/good and test/<kind of defect>";
  return new DatasetError("bad-layout", `${path}: there is no folder ${missing}; ${mend}`);
}
