import { decodeImage, type Reading } from "../decode/decode.js";
import { DatasetError } from "../errors.js";
import { trainTestSplit } from "../folder/draw.js";
import { byName } from "../folder/list.js";
import type { Raster } from "../raster.js";
import type { Listed } from "./folder-format.js";
import { type Box, type Category, GOOD, type Mask, type Sample, type Skipped, skippedBy } from "./model.js";
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
    load: (reading) => decodeImage(path, reading),
    ...(masks.length > 0 && { mask: (reading) => readMask(path, masks, reading), maskFiles: masks }),
  };
}

/** A part of an image: its place in the sample's name, its pixels, and its truth. */
export interface Piece {
  readonly part: string;
  readonly box: Box;
  readonly truth: Truth;
}

/**
 * Cuts samples from large images, and skips an image whose `piecesOf` fails. The last few images stay decoded, since samples of
 * one image follow each other.
 *
 * @param masksOf the files of an image's mask.
 */
export async function cutSamples(
  root: string,
  paths: readonly string[],
  masksOf: (path: string) => readonly string[],
  piecesOf: (path: string) => Promise<Piece[]>,
): Promise<{ samples: Sample[]; skipped: Skipped[] }> {
  const [images, masks] = [new Recent<Raster>(), new Recent<Mask>()];
  const samples: Sample[] = [];
  const skipped: Skipped[] = [];
  for (const path of paths) {
    const id = idOf(root, path);
    const files = masksOf(path);
    const image = (reading?: Reading) =>
      images.get(path + JSON.stringify(reading), () => decodeImage(path, reading));
    const mask = () => masks.get(path, () => readMask(path, files));
    try {
      for (const { part, box, truth } of await piecesOf(path)) {
        samples.push({
          id: `${id}#${part}`,
          ...truth,
          source: { path, box },
          load: async (reading) => cropRaster(await image(reading), box),
          ...(truth.label === 1 &&
            files.length > 0 && { mask: async () => cropMask(await mask(), box), maskFiles: files }),
        });
      }
    } catch (error) {
      skipped.push(skippedBy(id, error as Error));
    }
  }
  return { samples, skipped };
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

/** The samples of a set of one category, in order of listing. */
interface Unsplit extends Pick<Category, "name" | "className"> {
  readonly root: string;
  readonly samples: readonly Sample[];
  readonly skipped?: readonly Skipped[];
}

/**
 * A set of one category that comes without a split, split as papers do: a quarter of the normal samples, drawn as by
 * scikit-learn's `train_test_split` with seed 42, is tested together with all anomalous samples.
 *
 * @throws DatasetError `too-few` when there are less than two normal samples
 */
export function oneCategory({ name, className, root, samples, skipped = [] }: Unsplit): Listed {
  const normals = samples.filter(({ label }) => label === 0);
  if (normals.length < 2) {
    const message = `${root}: ${normals.length} normal images are too few to split; download the set again`;
    throw new DatasetError("too-few", message);
  }
  const tests = new Set(trainTestSplit(normals.length).test);
  const train = normals.filter((_, i) => !tests.has(i));
  const test = [...normals.filter((_, i) => tests.has(i)), ...samples.filter(({ label }) => label === 1)];
  return { categories: [{ name, className, train, test }], skipped };
}

/** A sample with its class and split, as a list names them. */
export interface ListedSample {
  readonly name: string;
  readonly split: "train" | "test";
  readonly sample: Sample;
}

/** One category a class, by name. */
export function categoriesByClass(listed: readonly ListedSample[]): Category[] {
  const classes = new Map<string, Record<"train" | "test", Sample[]>>();
  for (const { name, split, sample } of listed) {
    const lists = classes.get(name) ?? { train: [], test: [] };
    classes.set(name, lists);
    lists[split].push(sample);
  }
  return byName([...classes], ([name]) => name).map(([name, lists]) => ({ name, className: name, ...lists }));
}

/** The samples that prompts may be drawn from: the normal ones of the training part. */
export function promptCandidates(category: Pick<Category, "train">): Sample[] {
  return category.train.filter(({ label }) => label === 0);
}

/** The anomalous samples without a mask, where others have one. */
export function withoutMask(samples: readonly Sample[]): Sample[] {
  return samples.some(({ mask }) => mask) ? samples.filter(({ label, mask }) => label === 1 && !mask) : [];
}
