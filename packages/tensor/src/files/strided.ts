/**
 * Copies a strided view into row-major order.
 *
 * @param view bytes from the view's first value on.
 * @param stride step along each axis, in values of `itemSize` bytes.
 * @example
 * toRowMajor(Uint8Array.of(1, 2, 3, 4, 5, 6), [2, 3], [1, 2], 1) // 1, 3, 5, 2, 4, 6
 */
export function toRowMajor(
  view: Uint8Array,
  shape: readonly number[],
  stride: readonly number[],
  itemSize: number,
): Uint8Array {
  const out = new Uint8Array(shape.reduce((bytes, size) => bytes * size, itemSize));
  const index = new Array<number>(shape.length).fill(0);
  for (let to = 0, from = 0; to < out.length; to += itemSize) {
    for (let b = 0; b < itemSize; b++) out[to + b] = view[from * itemSize + b];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis];
      index[axis]++;
      if (index[axis] < shape[axis]) break;
      from -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}
