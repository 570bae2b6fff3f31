import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, readFolder } from "../folder/list.js";
import { folderFormat, type Listed } from "./folder-format.js";
import type { DatasetFormat } from "./format.js";
import { LIST_LAYOUT, type ListFile, readListFile } from "./list-file.js";
import type { DataSet } from "./model.js";
import { named } from "./names.js";
import { categoriesByClass, fileSample, type ListedSample } from "./samples.js";
import { insideOf } from "./table.js";

/** Lists of images in JSON: of the released code, of AnomalyCLIP and its followers, of UniAD and its followers. */
export const jsonLists: DatasetFormat = {
  name: "json",
  title: "JSON lists",
  followsOrientation: true,
  argument: "FILES",
  layout: `FILE,FILE or a folder of them, each ${LIST_LAYOUT}`,
  options: { root: "the folder that paths start from (default: the folder of the list)" },
  open: async (argument, { root }) => ({
    name: "json",
    ...(await openLists(await expandLists(argument), root)),
  }),
};

/** The folder of `meta.json`, the list of AnomalyCLIP, AdaCLIP and others. */
export const metaFolder = folderFormat({
  name: "meta",
  title: "meta.json of AnomalyCLIP and others",
  layout:
    "meta.json beside the images that it names: {train: {class: [{img_path, mask_path, anomaly}, ...]}, test: {...}}",
  fits: ({ files }) => !!named(files, "meta.json"),
  missing: "no meta.json",
  async read(root) {
    const { files } = await readFolder(root);
    return openLists([join(root, named(files, "meta.json")!)]);
  },
});

/** `meta.json` or its folder. */
export const metaList: DatasetFormat = {
  ...metaFolder,
  argument: "PATH",
  async open(path, options) {
    const isFile = (await stat(path).catch(() => null))?.isFile();
    return isFile ? { name: "meta", ...(await openLists([path])) } : metaFolder.open(path, options);
  },
};

async function openLists(paths: readonly string[], root = ""): Promise<Omit<DataSet, "name">> {
  const lists = await Promise.all(paths.map(readListFile));
  return { skipped: [], ...listed(lists, (list) => root || dirname(list.path)) };
}

/** Images of a list that are looked for when it is opened. */
const LOOKED_FOR = 20;

/** The categories of lists, each image and mask below the folder of its list. */
export function listed(lists: readonly ListFile[], rootOf: (list: ListFile) => string): Listed {
  const notes: string[] = [];
  const samples = lists.flatMap((list) => {
    const root = rootOf(list);
    for (const part of list.left) {
      notes.push(`${list.path}: "${part.slice(0, 40)}" is neither train nor test, and left out`);
    }
    const found = list.listings.map(({ where, split, name, image, mask, truth }): ListedSample => {
      const inside = (path: string) => insideOf(root, path, where, MEND);
      const sample = fileSample(root, inside(image), truth, mask ? [inside(mask)] : []);
      return { name, split, sample };
    });
    const first = found.slice(0, LOOKED_FOR).map(({ sample }) => sample.source!.path);
    if (!first.some((path) => existsSync(path)))
      notes.push(`${list.path}: no such file as ${first[0]}; ${MEND}`);
    return found;
  });
  return { categories: categoriesByClass(samples), notes };
}

const MEND = "json:LIST?root=DIR names the folder of its images";

async function expandLists(argument: string): Promise<string[]> {
  const lists: string[] = [];
  for (const path of argument.split(",").filter(Boolean)) {
    if (!(await stat(path).catch(() => null))?.isDirectory()) {
      lists.push(path);
      continue;
    }
    const found = await listsIn(path);
    if (found.length === 0) throw new DatasetError("empty", `${path}: no .json file in it; name the lists`);
    lists.push(...found);
  }
  return lists;
}

/** The JSON files in a folder. */
export async function listsIn(folder: string): Promise<string[]> {
  const names = (await readFolder(folder)).files.filter((name) => /\.jsonl?$/i.test(name));
  return byName(names).map((name) => join(folder, name));
}
