import { gather, permute, reshape, type Tensor } from "@inctrl/tensor";

/** Rows and columns of patches. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** Values of patches [views, rows * columns] as maps [views, rows, columns]. */
export const onGrid = (values: Tensor, { rows, columns }: Grid): Tensor =>
  reshape(values, [values.shape[0], rows, columns]);

/** Patches [views, rows * columns, width] as images [views, width, rows, columns]. */
export const asImages = (patches: Tensor, { rows, columns }: Grid): Tensor =>
  permute(reshape(patches, [patches.shape[0], rows, columns, -1]), [0, 3, 1, 2]);

/** Images [views, width, rows, columns] as patches [views, rows * columns, width]. */
export function asPatches(images: Tensor): Tensor {
  const [views, width, rows, columns] = images.shape;
  return reshape(permute(images, [0, 2, 3, 1]), [views, rows * columns, width]);
}

/** For each place along an axis of `size` the one of `from` that PyTorch's "nearest" repeats there. */
const repeated = (from: number, size: number): number[] => {
  const scale = Math.fround(from / size);
  return Array.from({ length: size }, (_, i) => Math.min(from - 1, Math.floor(Math.fround(i * scale))));
};

/** For each patch of a grid the one of another grid that is repeated there. */
export function repeatedPlaces(from: Grid, to: Grid): number[] {
  const across = repeated(from.columns, to.columns);
  return repeated(from.rows, to.rows).flatMap((y) => across.map((x) => y * from.columns + x));
}

/** Patches brought to another grid by repeating them. @param patches [views, rows * columns, width]. */
export function repeatPatches(patches: Tensor, from: Grid, to: Grid): Tensor {
  if (from.rows === to.rows && from.columns === to.columns) return patches;
  return gather(patches, repeatedPlaces(from, to), 1);
}
