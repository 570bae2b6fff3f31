import { existsSync } from "node:fs";
import { basename, join, parse, resolve } from "node:path";
import { DatasetError } from "../errors.js";
import { listFolders, listImages } from "./list.js";

/** One labelled image of a set. */
export interface Item {
  readonly path: string;
  /** 0 normal, 1 anomalous. */
  readonly label: 0 | 1;
  /** The name of its folder: `good`, or the kind of defect. */
  readonly kind: string;
  /** The mask's path. The mask is not black where the defect is. */
  readonly mask?: string;
}

/** One class of products: normal images for training, and labelled images for testing. */
export interface ProductSet {
  /** The folder's name, which text prompts may use for the class. */
  readonly name: string;
  readonly train: readonly Item[];
  readonly test: readonly Item[];
}

/**
 * Reads a class in the layout of MVTec AD: `train/good`, `test/good`, `test/<kind>`, and, where there are masks,
 * `ground_truth/<kind>/NAME_mask.png` (or NAME.png). Sorted by kind, then by name.
 *
 * @throws DatasetError `bad-layout` naming what is missing, `empty` when `train/good` or `test` hold no images
 * @example
 * const { train, test } = await readProductSet("mvtec/leather");
 */
export async function readProductSet(folder: string): Promise<ProductSet> {
  const good = join(folder, "train", "good");
  const tests = join(folder, "test");
  for (const path of [good, tests]) if (!existsSync(path)) throw await layoutError(folder, path);

  const train = (await listImages(good)).map((path): Item => ({ path, label: 0, kind: "good" }));
  const test: Item[] = [];
  for (const kind of await listFolders(tests)) {
    const masks = await masksByStem(join(folder, "ground_truth", kind));
    for (const path of await listImages(join(tests, kind))) {
      const mask = masks.get(parse(path).name);
      test.push({ path, label: kind === "good" ? 0 : 1, kind, ...(mask && { mask }) });
    }
  }
  for (const [path, items] of [
    [good, train],
    [tests, test],
  ] as const) {
    if (items.length === 0) throw new DatasetError("empty", `${path}: no images in it; put the images there`);
  }
  return { name: basename(resolve(folder)), train, test };
}

async function masksByStem(folder: string): Promise<Map<string, string>> {
  if (!existsSync(folder)) return new Map();
  return new Map((await listImages(folder)).map((path) => [parse(path).name.replace(/_mask$/, ""), path]));
}

async function layoutError(folder: string, missing: string): Promise<DatasetError> {
  const inside = (await listFolders(folder)).filter((name) =>
    existsSync(join(folder, name, "train", "good")),
  );
  const mend =
    inside.length > 0
      ? `give one of its classes (${inside.slice(0, 4).join(", ")})`
      : "lay it out as train/good, test/good and test/<kind of defect>";
  return new DatasetError("bad-layout", `${folder}: there is no folder ${missing}; ${mend}`);
}
