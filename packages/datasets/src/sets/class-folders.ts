import { basename, join, resolve } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, type FolderEntries, listFolders, readFolder } from "../folder/list.js";
import { count } from "../text.js";
import type { Layout } from "./folder-format.js";
import { type KeyedFile, type MatchedMasks, matchMasks } from "./masks.js";
import type { Category, Sample } from "./model.js";
import { idOf, some } from "./names.js";
import { isMaskFolder, leftText, PARTS, type Part, readMasks, readPart } from "./part.js";
import { anomalous, fileSample, NORMAL } from "./samples.js";

/** Names of the folder of normal images. */
const NORMALS =
  /^(good|ok(ay)?|normals?|nominal|healthy|defect[ _-]?free|no[ _-]?defects?|anomaly[ _-]?free)$/i;

/** One class in the form of MVTec AD, or all classes that lie in a folder. */
export const CLASS_FOLDERS: Layout<{ readonly split: readonly ["test", "valid"] }> = {
  form: "the folders of MVTec AD",
  layout:
    "<class>/train/good, <class>/test/{good,<defect>} and <class>/ground_truth/<defect>/*_mask.png, or masks beside the images; names in any case, and ok or normal for good",
  options: { split: "test (default), or valid to test on the images of a folder valid or validation" },
  choices: { split: ["test", "valid"] },
  fits: async ({ path, ...entries }) => isClass(entries) || (await classesIn(path, entries)).length > 0,
  missing: "no folder in it has train and test",
  async read(root, { split }) {
    const entries = await readFolder(root);
    const paths = isClass(entries) ? [root] : await classesIn(root, entries);
    const classes = await Promise.all(paths.map((path) => readClass(path, split)));
    const notes = classes.flatMap((found) => found.notes);
    const unused = classes.reduce((sum, { valid }) => sum + valid, 0);
    if (unused > 0) {
      notes.push(`left out: ${count(unused, "image")} for validation, which ?split=valid takes for testing`);
    }
    return {
      categories: classes.map(({ category }) => category),
      notes,
      noted: classes.flatMap((found) => found.noted),
    };
  },
};

const part = ({ folders }: FolderEntries, which: keyof typeof PARTS): string | undefined =>
  byName(folders).find((name) => PARTS[which].test(name));

const isClass = (entries: FolderEntries): boolean => !!part(entries, "train") || !!part(entries, "test");

async function classesIn(root: string, { folders }: FolderEntries): Promise<string[]> {
  const paths = byName(folders).map((name) => join(root, name));
  const inside = await Promise.all(paths.map((path) => readFolder(path).catch(() => null)));
  return paths.filter((_, i) => inside[i] && isClass(inside[i]));
}

/**
 * Reads a class in the layout of MVTec AD: `train/good`, `test/good`, `test/<kind>`, and, where there are masks,
 * `ground_truth/<kind>/NAME_mask.png`. Names of folders may be in any case. Sorted by kind, then by name.
 *
 * @throws DatasetError `bad-layout` naming what is missing, `empty` when `train/good` or `test` hold no images
 * @example
 * const { train, test } = await readProductSet("mvtec/leather");
 */
export const readProductSet = async (path: string): Promise<Category> => (await readClass(path)).category;

interface ReadClass {
  readonly category: Category;
  readonly notes: readonly string[];
  /** Files and folders that the notes account for. */
  readonly noted: readonly string[];
  /** Images for validation that are not tested. */
  readonly valid: number;
}

async function readClass(path: string, tested: "test" | "valid" = "test"): Promise<ReadClass> {
  const entries = await readFolder(path);
  const [trainName, testName] = [part(entries, "train"), part(entries, tested)];
  if (!trainName) throw await missingFolder(path, join(path, "train", "good"));
  if (!testName) throw await missingFolder(path, join(path, tested));
  const [trainFolder, testFolder] = [join(path, trainName), join(path, testName)];
  const [train, test] = await Promise.all([readPart(trainFolder), readPart(testFolder)]);
  if (!train.images.some(isNormal)) throw await noNormals(path, trainFolder);
  if (test.images.length === 0) throw emptyError(testFolder);

  const name = basename(resolve(path));
  const notes: string[] = [];
  const say: Say = (place, problem) => notes.push(`${name}/${place}: ${problem}`);
  sayLeft(trainFolder, train, say);
  sayLeft(testFolder, test, say);
  const masks = [...(await groundTruth(path, PARTS[tested], say)), ...test.masks];
  const matched = matchMasks(test.images, masks, (image) => !isNormal(image));
  if (matched.lost.length > 0) {
    const shown = some(matched.lost.map((mask) => idOf(path, mask.path)));
    say(testName, `${count(matched.lost.length, "mask")} that fit no image of it, or several: ${shown}`);
  }
  const twins = test.images.filter(({ key }, i, all) => all[i - 1]?.key === key || all[i + 1]?.key === key);
  if (twins.length > 0) {
    const shown = some(twins.map((image) => idOf(path, image.path)));
    say(testName, `images of one name (${shown}); if some of them are masks, move these to ground_truth`);
  }
  const flat = !train.images.some(({ kind }) => NORMALS.test(kind));
  const normals = flat ? train.images : inKinds(train.images, trainName, say);
  const tests = inKinds(test.images, testName, say);
  if (tests.length === 0) throw unsorted(testFolder);
  const root = join(path, "..");
  const category = {
    ...{ name, className: name },
    train: samplesOf(root, normals, matchMasks(train.images, train.masks)),
    test: samplesOf(root, tests, matched),
  };
  const otherName = part(entries, tested === "test" ? "valid" : "test");
  const other = otherName === undefined ? [] : [join(path, otherName)];
  const valid = tested === "test" && otherName ? (await readPart(other[0])).images.length : 0;
  const used = new Set([...normals, ...tests]);
  const strays = [...train.images, ...test.images].filter((image) => !used.has(image));
  const noted = [...other, ...[...train.left, ...test.left, ...strays].map((each) => each.path)];
  return { category, notes, noted, valid };
}

/** Keeps a note of a folder of the class. */
type Say = (place: string, problem: string) => void;

function sayLeft(folder: string, { left }: Pick<Part, "left">, say: Say): void {
  const text = leftText(folder, left);
  if (text) say(basename(folder), text);
}

/** The masks of a split in the folder of masks beside it. */
async function groundTruth(path: string, split: RegExp, say: Say): Promise<KeyedFile[]> {
  const [ground, ...others] = byName((await listFolders(path)).filter(isMaskFolder));
  if (ground === undefined) return [];
  for (const other of others) say(other, `left out, as the masks are read from ${ground}`);
  const found = await readMasks(join(path, ground), split);
  sayLeft(join(path, ground), found, say);
  if (found.masks.length === 0) say(ground, "no masks in it");
  return [...found.masks];
}

/** The images that lie in a folder of a kind. */
function inKinds(images: readonly KeyedFile[], folder: string, say: Say): KeyedFile[] {
  const inside = images.filter(({ kind }) => kind !== "");
  const strays = count(images.length - inside.length, "image");
  if (inside.length < images.length) say(folder, `${strays} in no folder of a kind, left out`);
  return inside;
}

/** Whether an image for training is normal. Images that lie in no folder of a kind are. */
const isNormal = ({ kind }: KeyedFile): boolean => kind === "" || NORMALS.test(kind);

function samplesOf(root: string, images: readonly KeyedFile[], masks: MatchedMasks): Sample[] {
  return byName(images, ({ kind }) => kind).map((image) =>
    isNormal(image)
      ? fileSample(root, image.path, NORMAL)
      : fileSample(root, image.path, anomalous(image.kind), masks.of.get(image.path)),
  );
}

const emptyError = (folder: string) =>
  new DatasetError("empty", `${folder}: no images in it; put the images there`);

const unsorted = (folder: string) =>
  new DatasetError(
    "bad-layout",
    `${folder}: its images lie in no folder of a kind; sort them into good and a folder for each kind of defect`,
  );

async function noNormals(path: string, train: string): Promise<DatasetError> {
  const folders = await listFolders(train);
  const normal = folders.find((name) => NORMALS.test(name));
  if (normal) return emptyError(join(train, normal));
  return folders.length > 0 ? missingFolder(path, join(train, "good")) : emptyError(train);
}

async function missingFolder(path: string, missing: string): Promise<DatasetError> {
  const inside = await classesIn(path, await readFolder(path));
  const mend =
    inside.length > 0
      ? `give one of its classes (${some(inside.map((name) => basename(name)))})`
      : "lay it out as train/good, test/good and test/<kind of defect>";
  return new DatasetError("bad-layout", `${path}: there is no folder ${missing}; ${mend}`);
}
