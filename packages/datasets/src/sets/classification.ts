import { join } from "node:path";
import { decodeImage, type Reading } from "../decode/decode.js";
import { DatasetError } from "../errors.js";
import { type FolderEntries, listFolders, listImages, readFolder } from "../folder/list.js";
import { type FolderFormat, folderFormat } from "./folder-format.js";
import type { DatasetFormat } from "./format.js";
import type { Category, Sample } from "./model.js";
import { idOf, named } from "./names.js";
import { anomalous, NORMAL } from "./samples.js";

/** An image of a set made for classification. */
export type Picture = Required<Pick<Sample, "id" | "class" | "source" | "load">>;

/** Pictures in the split of the set's authors. */
export interface Pictures {
  readonly train: readonly Picture[];
  readonly test: readonly Picture[];
}

/** Classes that are normal together. */
interface NormalGroup extends Pick<Category, "name" | "className"> {
  readonly classes: readonly string[];
}

/** A set made for classification: in the files of its authors, or as `train/<class>/` and `test/<class>/`. */
interface Classification extends Omit<FolderFormat, "options" | "choices" | "read"> {
  /** The authors' files. */
  readonly layout: string;
  /** The one of them that is missed where nothing is found. */
  readonly missing: string;
  /** What a class is called: class, digit. */
  readonly noun: string;
  readonly classes: readonly string[];
  /** The name of a class in text prompts. Default: its own. */
  readonly classNameOf?: (name: string) => string;
  /** The classes that are normal under `protocol=multi`, with their name for people. */
  readonly multi: NormalGroup & { readonly title: string };
  /** Whether the authors' files are among these entries. */
  fits(entries: FolderEntries): boolean;
  /** Lists the pictures in the authors' files. */
  readFiles(root: string, entries: FolderEntries): Promise<Pictures>;
}

const PARTS = { train: ["train", "training"], test: ["test", "testing"] } as const;

/** A format of a set made for classification, in which each class is normal in turn, or some classes together. */
export function classificationFormat(description: Classification): DatasetFormat {
  const { noun, classes, classNameOf = (name) => name, multi, fits, readFiles, ...format } = description;
  return folderFormat({
    ...format,
    layout: `${format.layout}, or train/<${noun}>/*.png and test/<${noun}>/*.png`,
    missing: `neither ${format.missing} nor folders train and test`,
    options: { protocol: `one-vs-all (each ${noun} normal in turn) or multi (${multi.title} normal)` },
    choices: { protocol: ["one-vs-all", "multi"] },
    fits: (entries) => fits(entries) || Object.values(PARTS).every((part) => namedAny(entries, part)),
    async read(root, { protocol }) {
      const entries = await readFolder(root);
      const fromFolders = async (part: keyof typeof PARTS) =>
        readClassFolders(root, namedAny(entries, PARTS[part])!, classes);
      const pictures = fits(entries)
        ? await readFiles(root, entries)
        : { train: await fromFolders("train"), test: await fromFolders("test") };
      const each = classes.map((name) => ({ name, className: classNameOf(name), classes: [name] }));
      const groups = protocol === "multi" ? [multi] : each;
      return { categories: groups.map((group) => toCategory(pictures, group)) };
    },
  });
}

const namedAny = ({ folders }: FolderEntries, names: readonly string[]): string | undefined =>
  names.map((name) => named(folders, name)).find((found) => found !== undefined);

async function readClassFolders(root: string, part: string, classes: readonly string[]): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const name of await listFolders(join(root, part))) {
    if (!classes.includes(name.toLowerCase())) continue;
    for (const path of await listImages(join(root, part, name), { recursive: true })) {
      const load = (reading?: Reading) => decodeImage(path, reading);
      pictures.push({ id: idOf(root, path), class: name.toLowerCase(), source: { path }, load });
    }
  }
  return pictures;
}

/** One category in which some classes are normal: their training images, and all test images. */
function toCategory({ train, test }: Pictures, { name, className, classes }: NormalGroup): Category {
  const absent = classes.find((normal) => !train.some((picture) => picture.class === normal));
  if (absent !== undefined) {
    const message = `${name}: no training image is of class ${absent}; complete the data set`;
    throw new DatasetError("empty", message);
  }
  const isNormal = (picture: Picture) => classes.includes(picture.class);
  const sample = (picture: Picture): Sample => ({
    ...picture,
    ...(isNormal(picture) ? NORMAL : anomalous(picture.class)),
  });
  return { name, className, train: train.filter(isNormal).map(sample), test: test.map(sample) };
}
