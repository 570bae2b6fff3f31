import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError, encodePng, writeFileAtomic } from "@inctrl/datasets";
import { drawProduct, type ProceduralClass, proceduralClasses } from "../products/product.js";
import { type PlanSizes, planProducts } from "./plan.js";

export interface ProceduralSetOptions extends PlanSizes {
  /** Default: all classes. */
  readonly classes?: readonly ProceduralClass[];
  /** Default 0. */
  readonly seed?: number;
  /** Pixels a side. Default 240. */
  readonly size?: number;
  /** Called after each image. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes procedural classes as PNG in the layout of MVTec AD, one folder a class, with masks in `ground_truth`. Other files in the
 * folder stay.
 *
 * @returns the paths of the images, without masks.
 * @throws DatasetError `bad-argument`, or as `writeFileAtomic`
 * @example
 * await writeProceduralSet("products", { classes: ["nut"], train: 4, testGood: 5, testBad: 5 });
 */
export async function writeProceduralSet(
  folder: string,
  options: ProceduralSetOptions = {},
): Promise<string[]> {
  const { seed = 0, size = 240, onProgress } = options;
  const classes = options.classes ?? (Object.keys(proceduralClasses) as ProceduralClass[]);
  const plans = classes.map((name) => ({
    name,
    samples: planProducts(proceduralClasses[name] ?? [], options),
  }));
  const total = plans.reduce((sum, { samples }) => sum + samples.length, 0);
  const written: string[] = [];
  for (const { name, samples } of plans) {
    for (const { path, index, defect } of samples) {
      const { image, mask } = drawProduct({ class: name, seed, size, index, defect });
      const file = join(folder, name, `${path}.png`);
      await save(file, encodePng(image));
      written.push(file);
      if (defect) {
        const maskPath = `${path.replace("test", "ground_truth")}_mask.png`;
        await save(join(folder, name, maskPath), encodePng({ width: size, height: size, data: mask }));
      }
      onProgress?.(written.length, total);
    }
  }
  return written;
}

async function save(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true }).catch((error) => {
    throw new DatasetError(
      "not-writable",
      `${join(path, "..")}: cannot be made (${error.code}); choose another folder`,
    );
  });
  await writeFileAtomic(path, bytes);
}
