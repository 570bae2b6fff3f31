import type { Reading } from "../decode/decode.js";
import type { Raster } from "../raster.js";
import type { DataSet, Mask } from "./model.js";

/** Anything that is read as a `Sample` is. */
interface Readable {
  readonly reading?: Reading;
  load(reading?: Reading): Promise<Raster>;
  mask?(reading?: Reading): Promise<Mask>;
}

/**
 * The same image, whose file is read in a certain way. What is not named stays as it was.
 *
 * @example
 * const upright = readAs(sample, { orientation: "follow" });
 */
export function readAs<T extends Readable>(item: T, reading: Reading): T {
  const all = { ...item.reading, ...reading };
  const load = (more?: Reading) => item.load({ ...all, ...more });
  return { ...item, reading: all, load, ...(item.mask && { mask: () => item.mask!(all) }) };
}

/** A data set all of whose images are read in a certain way. */
export function readSetAs(dataSet: DataSet, reading: Reading): DataSet {
  const categories = dataSet.categories.map((category) => ({
    ...category,
    train: category.train.map((sample) => readAs(sample, reading)),
    test: category.test.map((sample) => readAs(sample, reading)),
  }));
  return { ...dataSet, categories };
}
