import { join } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, type FolderEntries, readFolder } from "../folder/list.js";
import { hasParts, readClassFolders } from "./class-folders.js";
import { folderFormat } from "./folder-format.js";
import { layoutError } from "./format.js";
import { readIdx } from "./idx.js";
import { idOf } from "./names.js";
import { oneVsAll, type Picture, type Pictures, PROTOCOLS, toCategory } from "./protocol.js";

/** Handwritten digits (LeCun et al. 1998). */
export const mnist = folderFormat({
  name: "mnist",
  title: "MNIST",
  layout:
    "train-images-idx3-ubyte, train-labels-idx1-ubyte and the same of t10k (.gz or not), or train/<digit>/*.png and test/<digit>/*.png",
  options: { protocol: "one-vs-all (each digit normal in turn) or multi (even digits normal)" },
  choices: PROTOCOLS,
  fits: (entries) => idxFile(entries, "train", "images") !== undefined || hasParts(entries),
  missing: "neither train-images-idx3-ubyte nor folders train and test",
  async read(root, { protocol }) {
    const entries = await readFolder(root);
    const pictures: Pictures = idxFile(entries, "train", "images")
      ? { train: await readPart(root, entries, "train"), test: await readPart(root, entries, "t10k") }
      : await readClassFolders(root, (name) => DIGITS.includes(name));
    const categories =
      protocol === "one-vs-all"
        ? oneVsAll(pictures, DIGITS, (digit) => `digit ${digit}`)
        : [
            toCategory(pictures, {
              name: "even",
              className: "even number",
              classes: ["0", "2", "4", "6", "8"],
            }),
          ];
    return { categories, skipped: [] };
  },
});

const DIGITS = Array.from("0123456789");

/** The file of images or labels of a part; a plain file comes before a gzipped one. */
function idxFile(
  { files }: FolderEntries,
  part: "train" | "t10k",
  what: "images" | "labels",
): string | undefined {
  const rank = what === "images" ? 3 : 1;
  const pattern = new RegExp(`^${part}-${what}[-.]idx${rank}-ubyte(\\.gz)?$`, "i");
  return byName(files.filter((name) => pattern.test(name)))[0];
}

async function readPart(root: string, entries: FolderEntries, part: "train" | "t10k"): Promise<Picture[]> {
  const find = (what: "images" | "labels") => {
    const name = idxFile(entries, part, what);
    if (name) return join(root, name);
    throw layoutError(mnist, root, `no ${part}-${what}-idx${what === "images" ? 3 : 1}-ubyte`);
  };
  const [images, labels] = await Promise.all([readIdx(find("images"), 3), readIdx(find("labels"), 1)]);
  const [count = 0, height = 0, width = 0] = images.dims;
  if (labels.data.length !== count) {
    const message = `${labels.path}: ${labels.data.length} labels for ${count} images; download both again`;
    throw new DatasetError("corrupt", message);
  }
  return Array.from(labels.data, (digit, record): Picture => {
    if (digit > 9) {
      throw new DatasetError("corrupt", `${labels.path}: label ${record} is ${digit}; download it again`);
    }
    const { path, itemBytes } = images;
    return {
      id: `${idOf(root, path).replace(/\.gz$/i, "")}#${String(record).padStart(5, "0")}`,
      class: String(digit),
      source: { path, record },
      load: async () => ({
        width,
        height,
        mode: "L",
        data: images.data.slice(record * itemBytes, (record + 1) * itemBytes),
      }),
    };
  });
}
