/**
 * Numbers the 8-connected regions of a mask.
 *
 * @param regionOf of each pixel the region it lies in, counted from 1; 0 where there is none. It is filled, and must be 0 before.
 * @param sizes the pixels of each region; those found are appended, and numbers count on from those there are.
 * @example
 * labelRegions([1, 0, 1], 3, 1, new Uint32Array(3), sizes); // sizes is [1, 1]
 */
export function labelRegions(
  mask: ArrayLike<number>,
  width: number,
  height: number,
  regionOf: Uint32Array,
  sizes: number[],
): void {
  const pending: number[] = [];
  for (let seed = 0; seed < mask.length; seed++) {
    if (!mask[seed] || regionOf[seed] !== 0) continue;
    const region = sizes.length + 1;
    let size = 0;
    regionOf[seed] = region;
    pending.push(seed);
    for (let p = pending.pop(); p !== undefined; p = pending.pop()) {
      size++;
      const x = p % width;
      const y = (p - x) / width;
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const next = row * width + column;
          if (!mask[next] || regionOf[next] !== 0) continue;
          regionOf[next] = region;
          pending.push(next);
        }
      }
    }
    sizes.push(size);
  }
}
