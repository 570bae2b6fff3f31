import { join } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, type FolderEntries } from "../folder/list.js";
import { classificationFormat, type Picture } from "./classification.js";
import { layoutError } from "./format.js";
import { type Idx, readIdx } from "./idx.js";
import { idOf } from "./names.js";

/** Handwritten digits (LeCun et al. 1998). */
export const mnist = classificationFormat({
  name: "mnist",
  title: "MNIST",
  layout: "train-images-idx3-ubyte, train-labels-idx1-ubyte and the same of t10k (.gz or not)",
  fits: (entries) => idxFile(entries, "train-images-idx3-ubyte") !== undefined,
  missing: "train-images-idx3-ubyte",
  noun: "digit",
  classes: Array.from("0123456789"),
  classNameOf: (digit) => `digit ${digit}`,
  multi: { title: "even digits", name: "even", className: "even number", classes: Array.from("02468") },
  readFiles: async (root, entries) => ({
    train: await readPart(root, entries, "train"),
    test: await readPart(root, entries, "t10k"),
  }),
});

/** The file of this name, with `-` or `.` before `idx`; a plain file comes before a gzipped one. */
function idxFile({ files }: FolderEntries, name: string): string | undefined {
  const pattern = new RegExp(`^${name.replace("-idx", "[-.]idx")}(\\.gz)?$`, "i");
  return byName(files.filter((file) => pattern.test(file)))[0];
}

async function readPart(root: string, entries: FolderEntries, part: "train" | "t10k"): Promise<Picture[]> {
  const read = async (what: "images" | "labels", rank: number) => {
    const wanted = `${part}-${what}-idx${rank}-ubyte`;
    const name = idxFile(entries, wanted);
    if (name === undefined) throw layoutError(mnist, root, `no ${wanted}`);
    return readIdx(join(root, name), rank);
  };
  return mnistPictures(root, ...(await Promise.all([read("images", 3), read("labels", 1)])));
}

/** The pictures of two files. @throws DatasetError `corrupt` where they do not go together. */
export function mnistPictures(root: string, images: Idx, labels: Idx): Picture[] {
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
      load: async () => {
        const data = images.data.slice(record * itemBytes, (record + 1) * itemBytes);
        return { width, height, mode: "L", data };
      },
    };
  });
}
