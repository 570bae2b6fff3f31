import { open as openFile, stat } from "node:fs/promises";
import { join, parse } from "node:path";
import { readPlainFile } from "@inctrl/tensor/files";
import { DatasetError, ImageError, readError } from "../errors.js";
import { byName } from "../folder/list.js";
import type { Raster } from "../raster.js";
import { classificationFormat, type Picture } from "./classification.js";
import { layoutError } from "./format.js";
import { named } from "./names.js";

/** The classes of CIFAR-10, in the order of its labels. */
export const CIFAR10_CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");
const SIDE = 32;
const PLANE = SIDE * SIDE;
/** A byte for the class, then a plane each of red, green and blue. */
const RECORD = 1 + 3 * PLANE;
const MAX_BYTES = 2 ** 28;

/** Small photographs of ten classes (Krizhevsky 2009). */
export const cifar10 = classificationFormat({
  name: "cifar10",
  title: "CIFAR-10",
  layout: "data_batch_N.bin and test_batch.bin (the binary version)",
  fits: ({ files }) => trainFiles(files).length > 0,
  missing: "data_batch_1.bin",
  noun: "class",
  classes: CIFAR10_CLASSES,
  multi: { title: "the animals", name: "animal", className: "animal", classes: CIFAR10_CLASSES.slice(2, 8) },
  async readFiles(root, { files }) {
    const test = named(files, "test_batch.bin");
    if (!test) throw layoutError(cifar10, root, "no test_batch.bin");
    const train: Picture[] = [];
    for (const name of trainFiles(files)) {
      for (const picture of await readBatch(join(root, name))) train.push(picture);
    }
    return { train, test: await readBatch(join(root, test)) };
  },
});

const trainFiles = (files: readonly string[]): string[] =>
  byName(files.filter((name) => /^data_batch_\d+\.bin$/i.test(name)));

/** Lists a batch. Only the labels are kept; each picture is read on demand. */
async function readBatch(path: string): Promise<Picture[]> {
  const { size } = await stat(path);
  if (size === 0 || size % RECORD !== 0 || size > MAX_BYTES) {
    const message = `${path}: ${size} bytes are no whole number of records of ${RECORD}; download it again`;
    throw new DatasetError("truncated", message);
  }
  return cifarPictures(path, await readPlainFile(path, size));
}

/** The pictures of a batch of whole records. @throws DatasetError `corrupt` */
export function cifarPictures(path: string, bytes: Uint8Array): Picture[] {
  return Array.from({ length: Math.floor(bytes.length / RECORD) }, (_, record): Picture => {
    const label = CIFAR10_CLASSES[bytes[record * RECORD]];
    if (label === undefined) {
      const message = `${path}: record ${record} is of class ${bytes[record * RECORD]}; download it again`;
      throw new DatasetError("corrupt", message);
    }
    return {
      id: `${parse(path).name}#${String(record).padStart(5, "0")}`,
      class: label,
      source: { path, record },
      load: () => readRecord(path, record),
    };
  });
}

async function readRecord(path: string, record: number): Promise<Raster> {
  const planes = new Uint8Array(3 * PLANE);
  await using file = await openFile(path, "r").catch((error) => {
    throw readError(path, error);
  });
  const { bytesRead } = await file.read(planes, 0, planes.length, record * RECORD + 1);
  if (bytesRead !== planes.length) {
    throw new ImageError("truncated", `${path} record ${record}`, "the file ends early", "download it again");
  }
  const data = new Uint8Array(3 * PLANE);
  for (let p = 0; p < PLANE; p++) {
    for (let c = 0; c < 3; c++) data[p * 3 + c] = planes[c * PLANE + p];
  }
  return { width: SIDE, height: SIDE, mode: "RGB", data };
}
