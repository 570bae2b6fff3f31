import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../encode/png.js";
import { writeFileAtomic } from "../encode/write.js";
import { DatasetError } from "../errors.js";
import { drawProduct, type ProceduralClass, type ProductOptions, proceduralClasses } from "./product.js";

export interface ProceduralSetOptions {
  /** Default: all classes. */
  readonly classes?: readonly ProceduralClass[];
  /** Default 0. */
  readonly seed?: number;
  /** Pixels a side. Default 240. */
  readonly size?: number;
  /** Good samples in `train/good`. Default 8. */
  readonly train?: number;
  /** Good samples in `test/good`. Default 10. */
  readonly testGood?: number;
  /** Samples with a defect in `test/<kind>`, the class's kinds in turn. Default 10. */
  readonly testBad?: number;
  /** Told after each image. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes procedural classes as PNG in the layout of MVTec AD, one folder a class, masks in `ground_truth`; no two
 * samples share an index, so no test image is a training image with a defect added.
 *
 * @throws DatasetError `bad-argument`, or as `writeFileAtomic`
 * @example
 * await writeProceduralSet("products", { classes: ["nut"], train: 4, testGood: 5, testBad: 5 });
 */
export async function writeProceduralSet(folder: string, options: ProceduralSetOptions = {}): Promise<void> {
  const { seed = 0, size = 240, train = 8, testGood = 10, testBad = 10, onProgress } = options;
  for (const count of [train, testGood, testBad]) {
    if (!Number.isInteger(count) || count < 0) {
      throw new DatasetError("bad-argument", `${count} samples: give whole numbers from 0`);
    }
  }
  const classes = options.classes ?? (Object.keys(proceduralClasses) as ProceduralClass[]);
  const total = classes.length * (train + testGood + testBad);
  let done = 0;
  const write = async (path: string, sample: ProductOptions, maskPath?: string) => {
    const { image, mask } = drawProduct({ ...sample, seed, size });
    await save(path, encodePng(image));
    if (maskPath) await save(maskPath, encodePng({ width: size, height: size, data: mask }));
    onProgress?.(++done, total);
  };
  for (const name of classes) {
    const root = join(folder, name);
    let index = 0;
    for (let i = 0; i < train; i++) {
      await write(join(root, "train", "good", `${number(i)}.png`), { class: name, index: index++ });
    }
    for (let i = 0; i < testGood; i++) {
      await write(join(root, "test", "good", `${number(i)}.png`), { class: name, index: index++ });
    }
    for (let i = 0; i < testBad; i++) {
      const kinds = proceduralClasses[name] ?? [];
      const defect = kinds[i % kinds.length] ?? null;
      const file = number(Math.floor(i / kinds.length));
      const mask = join(root, "ground_truth", `${defect}`, `${file}_mask.png`);
      await write(
        join(root, "test", `${defect}`, `${file}.png`),
        { class: name, index: index++, defect },
        mask,
      );
    }
  }
}

function number(i: number): string {
  return String(i).padStart(3, "0");
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
