import { decodeImage } from "../decode/decode.js";
import { DatasetError } from "../errors.js";
import { trainTestSplit } from "../folder/draw.js";
import type { Raster } from "../raster.js";
import {
  type Box,
  type Category,
  type DataSet,
  GOOD,
  type Mask,
  type Sample,
  type Skipped,
} from "./model.js";
import { idOf } from "./names.js";
import { cropMask, cropRaster, readMask } from "./pixels.js";

/** The label of a sample, and its kind. */
export interface Truth {
  readonly label: 0 | 1;
  readonly kind: string;
}

export const NORMAL: Truth = { label: 0, kind: GOOD };

/** Anomalous, of this kind. */
export function anomalous(kind: string): Truth {
  // A kind with the name "good" would be taken for normal.
  return { label: 1, kind: kind === GOOD || kind === "" ? "anomaly" : kind };
}

/** A sample with a file of its own. */
export function fileSample(root: string, path: string, truth: Truth, masks: readonly string[] = []): Sample {
  return {
    id: idOf(root, path),
    ...truth,
    source: { path },
    load: () => decodeImage(path),
    ...(masks.length > 0 && { mask: () => readMask(...masks) }),
  };
}

/** Cuts samples from large images. The last few images stay decoded, since samples of one image follow each other. */
export class Cutter {
  readonly #images = new Recent<Raster>();
  readonly #masks = new Recent<Mask>();
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Part number `part` of the image at `path`. */
  cut(path: string, box: Box, part: string, truth: Truth, masks: readonly string[] = []): Sample {
    const image = () => this.#images.get(path, () => decodeImage(path));
    const mask = () => this.#masks.get(masks.join("\0"), () => readMask(...masks));
    return {
      id: `${idOf(this.#root, path)}#${part}`,
      ...truth,
      source: { path, box },
      load: async () => cropRaster(await image(), box),
      ...(masks.length > 0 && truth.label === 1 && { mask: async () => cropMask(await mask(), box) }),
    };
  }
}

/** Keeps the values made last. A pending value is shared, and a failed one is made again. */
class Recent<T> {
  readonly #kept = new Map<string, Promise<T>>();

  get(key: string, make: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const made = make();
    this.#kept.set(key, made);
    made.catch(() => this.#kept.delete(key));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > 3) this.#kept.delete(oldest);
    return made;
  }
}

/**
 * The split that papers use for a set without one. A quarter of the normal samples, drawn as by scikit-learn's `train_test_split`
 * with seed 42 from the order of listing, is tested together with all anomalous samples.
 *
 * @throws DatasetError `too-few` when there are less than two normal samples
 */
export function quarterSplit(
  where: string,
  normals: readonly Sample[],
  anomalies: readonly Sample[],
): { train: Sample[]; test: Sample[] } {
  if (normals.length < 2) {
    const message = `${where}: ${normals.length} normal images are too few to split; download the set again`;
    throw new DatasetError("too-few", message);
  }
  const tests = new Set(trainTestSplit(normals.length).test);
  return {
    train: normals.filter((_, i) => !tests.has(i)),
    test: [...normals.filter((_, i) => tests.has(i)), ...anomalies],
  };
}

/** The parts of a set of one category that comes without a split: see `quarterSplit`. */
export interface Unsplit {
  readonly name: string;
  readonly className: string;
  readonly root: string;
  readonly normals: readonly Sample[];
  readonly anomalies: readonly Sample[];
  readonly skipped?: readonly Skipped[];
}

/** A set of one category, split as `quarterSplit` does. */
export function oneCategory(parts: Unsplit): Omit<DataSet, "name"> {
  const { name, className, root, normals, anomalies, skipped = [] } = parts;
  return { categories: [{ name, className, ...quarterSplit(root, normals, anomalies) }], skipped };
}

/** The samples that prompts may be drawn from: the normal ones of the training part. */
export function promptCandidates(category: Pick<Category, "train">): Sample[] {
  return category.train.filter(({ label }) => label === 0);
}
