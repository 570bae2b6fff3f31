/** Mixes 32 bits well (the finaliser of MurmurHash3). */
function mix(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Values in [-1, 1) that are the same in every process, so that operands need not be sent. */
export function operand(seed: number, count: number): Float32Array {
  const start = mix(seed + 1);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = mix(start + Math.imul(i, 0x9e3779b1)) / 2 ** 31 - 1;
  return values;
}

/** `operand` as rows of length 1. */
export function unitRows(seed: number, rows: number, width: number): Float32Array {
  const values = operand(seed, rows * width);
  for (let row = 0; row < rows; row++) {
    const part = values.subarray(row * width, (row + 1) * width);
    const length = Math.sqrt(part.reduce((sum, v) => sum + v * v, 0));
    for (let i = 0; i < width; i++) part[i] /= length;
  }
  return values;
}
