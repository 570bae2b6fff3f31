import { basename, join, parse } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, readFolder } from "../folder/list.js";
import { CLASS_FOLDERS } from "./class-folders.js";
import { folderFormat, type Listed } from "./folder-format.js";
import { matchMasks } from "./masks.js";
import { type Sample, type Skipped, skippedBy } from "./model.js";
import { idOf, named } from "./names.js";
import { readPart } from "./part.js";
import { hasDefect, readMask } from "./pixels.js";
import { anomalous, fileSample, NORMAL, type Truth } from "./samples.js";
import { readText } from "./table.js";

// Sets with a split of their own in which an image's mask tells whether it is normal.

const SPLITS = ["train", "test"] as const;
const DEFECT = anomalous("defect");
/** Masks read at once. */
const AT_ONCE = 16;

/** Surfaces of a production line: KolektorSDD2 (Bozic et al. 2021). */
export const sdd2 = folderFormat(
  {
    name: "sdd2",
    title: "KolektorSDD2",
    layout: "train/NNNNN.png beside train/NNNNN_GT.png, and test in the same way",
    async fits({ path, folders }) {
      if (!SPLITS.every((split) => named(folders, split))) return false;
      const { files } = await readFolder(join(path, named(folders, "train")!));
      return files.some((name) => /_gt\.\w+$/i.test(name));
    },
    missing: "no folders train and test with files such as 10301_GT.png",
    async read(root) {
      const { train, test, skipped } = await readSplits(root, root, async () => async (image, masks) => {
        if (masks.length > 0) return hasDefect(await readMask(image, masks)) ? DEFECT : NORMAL;
        throw new DatasetError("missing", `${image}: its ${parse(image).name}_GT.png is missing; left out`);
      });
      return { categories: [{ name: "sdd2", className: "surface", train, test }], skipped };
    },
  },
  CLASS_FOLDERS,
);

/** Drawn textures with and without a defect (DAGM 2007). */
export const dagm = folderFormat(
  {
    name: "dagm",
    title: "DAGM 2007",
    layout:
      "ClassN/Train/NNNN.PNG and ClassN/Train/Label/NNNN_label.PNG of defective images, and Test in the same way",
    fits: async ({ path, folders }) => (await dagmClasses(path, folders)).length > 0,
    missing: "no folder such as Class1 with Train/Label and Test/Label",
    async read(root) {
      const skipped: Skipped[] = [];
      const categories: Listed["categories"][number][] = [];
      for (const path of await dagmClasses(root, (await readFolder(root)).folders)) {
        const {
          train,
          test,
          skipped: left,
        } = await readSplits(join(path, ".."), path, async (folder) => {
          const labels = await listedLabels(folder);
          return async (image, masks) => {
            if (masks.length > 0) return DEFECT;
            const label = labels.get(parse(image).name.toLowerCase());
            if (label === undefined) return NORMAL;
            throw new DatasetError("missing", `${image}: its label ${label} is listed but missing; left out`);
          };
        });
        categories.push({ name: basename(path), className: "texture", train, test });
        skipped.push(...left);
      }
      return { categories, skipped };
    },
  },
  CLASS_FOLDERS,
);

type TruthOf = (image: string, masks: readonly string[]) => Promise<Truth>;

/** The samples of `train` and `test` below a folder; an image that `judge` refuses is skipped. */
async function readSplits(root: string, folder: string, judge: (folder: string) => Promise<TruthOf>) {
  const { folders } = await readFolder(folder);
  const [train, test] = await Promise.all(
    SPLITS.map(async (split) => readSplit(root, join(folder, named(folders, split)!), judge)),
  );
  return { train: train.samples, test: test.samples, skipped: [...train.skipped, ...test.skipped] };
}

async function readSplit(root: string, folder: string, judge: (folder: string) => Promise<TruthOf>) {
  const [{ images, masks }, truthOf] = await Promise.all([readPart(folder), judge(folder)]);
  const { of, lost } = matchMasks(images, masks);
  const samples: Sample[] = [];
  const skipped: Skipped[] = lost.map(({ path }) => {
    const id = idOf(root, path);
    return { id, reason: `${id}: a mask that fits no image` };
  });
  for (let at = 0; at < images.length; at += AT_ONCE) {
    const some = images.slice(at, at + AT_ONCE).map(({ path }) => ({ path, files: of.get(path) ?? [] }));
    const truths = await Promise.all(
      some.map(({ path, files }) => truthOf(path, files).catch((error: Error) => error)),
    );
    for (const [i, { path, files }] of some.entries()) {
      const truth = truths[i];
      if (truth instanceof Error) skipped.push(skippedBy(idOf(root, path), truth));
      else samples.push(fileSample(root, path, truth, truth.label ? files : []));
    }
  }
  return { samples, skipped };
}

/** The folders with labels in the folder itself or side by side in it, in the order of their numbers. */
async function dagmClasses(path: string, folders: readonly string[]): Promise<string[]> {
  const isClass = async (folder: string) => {
    const inside = (await readFolder(folder).catch(() => ({ folders: [] }))).folders;
    const splits = SPLITS.map((split) => named(inside, split));
    if (splits.some((split) => split === undefined)) return false;
    const names = await Promise.all(splits.map((split) => readFolder(join(folder, split!))));
    return names.every((split) => named(split.folders, "label"));
  };
  const paths = folders.filter((name) => /^class[ _-]?\d+$/i.test(name)).map((name) => join(path, name));
  const tried = /^class[ _-]?\d+$/i.test(basename(path)) ? [path] : byName(paths);
  const fit = await Promise.all(tried.map(isClass));
  return tried.filter((_, i) => fit[i]);
}

/** The files that `Label/Labels.txt` names, by the name of their image. */
async function listedLabels(folder: string): Promise<Map<string, string>> {
  const labels = join(folder, named((await readFolder(folder)).folders, "label")!);
  const list = named((await readFolder(labels)).files, "labels.txt");
  return labelledImages(list ? await readText(join(labels, list)) : "");
}

/** The same of its text. Words are matched one by one: a search through a long one would take the square of its length. */
export function labelledImages(text: string): Map<string, string> {
  const files = text.split(/\s+/).map((word) => /^(.+)_label\.\w+/i.exec(word));
  return new Map(files.flatMap((found) => (found ? [[found[1].toLowerCase(), found[0]] as const] : [])));
}
