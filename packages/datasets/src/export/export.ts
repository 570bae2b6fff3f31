import { copyFile, mkdir, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { onDisk, temporaryIn, writeError } from "@inctrl/tensor/files";
import { imageHeader } from "../decode/decode.js";
import { encodePng, type Picture } from "../encode/png.js";
import { DatasetError, ImageError, systemCode } from "../errors.js";
import { toRGB } from "../raster.js";
import { type DataSet, GOOD, type Sample, type Skipped, skippedBy } from "../sets/model.js";
import { FreeNames } from "./names.js";

export interface ExportOptions {
  /** Called after each image. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Aborts the export and removes what was written; rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ExportReport {
  /** Images written. */
  readonly images: number;
  readonly masks: number;
  /** Images and masks that could not be read. */
  readonly unreadable: readonly Skipped[];
}

/** A sample and the paths of its files. */
interface Planned {
  readonly sample: Sample;
  readonly image: string;
  readonly mask: string;
}

/**
 * Writes a data set as PNG in the layout of MVTec AD, one folder a category: `train/good`, `test/good`, `test/<kind>` and
 * `ground_truth/<kind>`. The folder appears when all of it is written. Anomalous training samples go to `test`. A sample that is
 * a whole PNG file is copied unchanged.
 *
 * @throws DatasetError `not-writable` when the folder holds something already; TensorFileError `write` where the disk refuses
 * @example
 * await exportDataSet(await openDataSet("aitex:AITEX"), "aitex-tiles");
 */
export async function exportDataSet(
  dataSet: DataSet,
  folder: string,
  { onProgress, signal }: ExportOptions = {},
): Promise<ExportReport> {
  const target = resolve(folder);
  await refuseFull(target, folder);
  const planned = plan(dataSet);
  const temporary = await temporaryIn(dirname(target));
  const unreadable: Skipped[] = [];
  let [images, masks] = [0, 0];
  try {
    await mkdir(temporary, { recursive: true });
    for (const [i, { sample, image, mask }] of planned.entries()) {
      signal?.throwIfAborted();
      try {
        await writeImage(join(temporary, image), sample);
        images++;
        if (sample.mask) {
          await writePng(join(temporary, mask), await sample.mask());
          masks++;
        }
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        unreadable.push(skippedBy(sample.id, error));
      }
      onProgress?.(i + 1, planned.length);
    }
    // An existing empty folder is replaced.
    await rmdir(target).catch(() => {});
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw systemCode(error) === "" || error instanceof DatasetError ? error : writeError(folder, error);
  }
  return { images, masks, unreadable };
}

async function refuseFull(target: string, folder: string): Promise<void> {
  const inside = await readdir(target).catch((error) => {
    if (systemCode(error) === "ENOENT") return [];
    throw writeError(folder, error);
  });
  if (inside.length === 0) return;
  const message = `${folder}: there are files in it (${inside[0]}); name a folder that is new or empty`;
  throw new DatasetError("not-writable", message);
}

/** Plans each sample's path: its file name, or its whole id where samples of a folder share file names. */
function plan({ categories }: DataSet): Planned[] {
  const folders = new FreeNames();
  return categories.flatMap((category) => {
    const root = folders.take(category.name);
    const kinds = new FreeNames();
    const kindFolders = new Map([[GOOD, kinds.take(GOOD)]]);
    const groups = new Map<string, { kind: string; samples: Sample[] }>();
    const place = (part: "train" | "test", sample: Sample) => {
      const kind = kindFolders.get(sample.kind) ?? kinds.take(sample.kind);
      kindFolders.set(sample.kind, kind);
      const path = `${part}/${kind}`;
      const group = groups.get(path) ?? { kind, samples: [] };
      groups.set(path, group);
      group.samples.push(sample);
    };
    for (const sample of category.train) place(sample.label ? "test" : "train", sample);
    for (const sample of category.test) place("test", sample);
    return [...groups].flatMap(([path, { kind, samples }]) => {
      const names = new FreeNames();
      const own = samples.map(({ id }) => stem(basename(id)));
      const unique = new Set(own.map((name) => name.toLowerCase())).size === own.length;
      return samples.map((sample, i): Planned => {
        const name = names.take(unique ? own[i] : stem(sample.id).replaceAll("/", "-"));
        return {
          sample,
          image: `${root}/${path}/${name}.png`,
          mask: `${root}/ground_truth/${kind}/${name}_mask.png`,
        };
      });
    });
  });
}

/** `Part0.jpg#2` -> `Part0-2`. */
function stem(id: string): string {
  const [path = "", part] = id.split("#");
  const name = path.slice(0, path.length - extname(path).length);
  return part === undefined ? name : `${name}-${part}`;
}

async function writeImage(path: string, sample: Sample): Promise<void> {
  const raster = await sample.load();
  const { source } = sample;
  const isFile = source && !source.box && source.record === undefined;
  if (!isFile || (await imageHeader(source.path)).format !== "png") {
    return writePng(path, raster.mode === "P" ? toRGB(raster) : raster);
  }
  await mkdir(dirname(path), { recursive: true });
  await copyFile(onDisk(source.path), path);
}

async function writePng(path: string, picture: Picture): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, encodePng(picture));
}
