import { DatasetError } from "../errors.js";
import type { Raster } from "../raster.js";
import type { Category, Source } from "./model.js";
import { anomalous, NORMAL } from "./samples.js";

/** How a set made for classification is used: each class normal in turn, or some classes normal together. */
export const PROTOCOLS = { protocol: ["one-vs-all", "multi"] } as const;

/** An image of a set made for classification. */
export interface Picture {
  readonly id: string;
  readonly class: string;
  readonly source: Source;
  load(): Promise<Raster>;
}

/** Pictures in the split of the set's authors. */
export interface Pictures {
  readonly train: readonly Picture[];
  readonly test: readonly Picture[];
}

/** Several classes that are normal together. */
export interface NormalGroup {
  readonly name: string;
  readonly className: string;
  readonly classes: readonly string[];
}

/** One category a class: that class is normal, all others are anomalous. */
export function oneVsAll(
  pictures: Pictures,
  classes: readonly string[],
  className: (name: string) => string = (name) => name,
): Category[] {
  return classes.map((name) => toCategory(pictures, { name, className: className(name), classes: [name] }));
}

/** One category in which some classes are normal: their training images, and all test images. */
export function toCategory({ train, test }: Pictures, group: NormalGroup): Category {
  const normal = new Set(group.classes);
  for (const name of group.classes) {
    if (train.some((picture) => picture.class === name)) continue;
    const message = `${group.name}: no training image is of class ${name}; complete the data set`;
    throw new DatasetError("empty", message);
  }
  const sample = ({ class: kind, ...picture }: Picture) => ({
    ...picture,
    ...(normal.has(kind) ? NORMAL : anomalous(kind)),
  });
  return {
    name: group.name,
    className: group.className,
    train: train.filter((picture) => normal.has(picture.class)).map(sample),
    test: test.map(sample),
  };
}
