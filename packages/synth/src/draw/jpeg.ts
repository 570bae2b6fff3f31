// The loss of JPEG compression: 8 x 8 blocks of luma, and of chroma at half the resolution, lose small coefficients of their cosine
// transforms. The transform is a plain product with a table, so that the bytes are the same on every machine.

/** The orthonormal 8-point cosine transform, row by frequency: cos(pi k (2 n + 1) / 16) / 2, row 0 over sqrt(2). */
const DCT = (() => {
  const cosines = [
    1,
    0.9807852804032304,
    0.9238795325112867,
    0.8314696123025452,
    Math.SQRT1_2,
    0.5555702330196022,
    0.3826834323650898,
    0.19509032201612825,
    0,
  ];
  const cosine = (i: number): number => {
    const t = i % 32;
    return t <= 8 ? cosines[t] : t <= 16 ? -cosines[16 - t] : cosine(32 - t);
  };
  return Float64Array.from({ length: 64 }, (_, i) => {
    const [k, n] = [i >> 3, i & 7];
    return (k === 0 ? Math.SQRT1_2 : cosine(k * (2 * n + 1))) / 2;
  });
})();

const block = new Float64Array(64);
const half = new Float64Array(64);

/**
 * Quantises a plane of `width` x `height` values in [0, 255] block by block, in place. Frequency (u, v) keeps multiples of
 * step * (1 + (u + v) * rise).
 */
function quantise(plane: Float32Array, width: number, height: number, step: number, rise: number): void {
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      for (let y = 0; y < 8; y++) {
        const row = Math.min(height - 1, top + y) * width;
        for (let x = 0; x < 8; x++) block[y * 8 + x] = plane[row + Math.min(width - 1, left + x)];
      }
      forward(block, half);
      forward(half, block);
      for (let v = 0, i = 0; v < 8; v++) {
        for (let u = 0; u < 8; u++, i++) {
          const q = step * (1 + (u + v) * rise);
          block[i] = Math.round(block[i] / q) * q;
        }
      }
      backward(block, half);
      backward(half, block);
      for (let y = 0; y < 8 && top + y < height; y++) {
        const row = (top + y) * width;
        for (let x = 0; x < 8 && left + x < width; x++) plane[row + left + x] = block[y * 8 + x];
      }
    }
  }
}

/** Transforms the rows and transposes, so that twice does both directions. */
function forward(from: Float64Array, to: Float64Array): void {
  for (let y = 0; y < 8; y++) {
    const at = y * 8;
    // Even frequencies need only sums of opposite values, odd ones only differences.
    for (let n = 0; n < 4; n++) {
      pairs[n] = from[at + n] + from[at + 7 - n];
      pairs[n + 4] = from[at + n] - from[at + 7 - n];
    }
    for (let k = 0; k < 8; k++) {
      const o = (k & 1) * 4;
      const r = k * 8;
      to[k * 8 + y] =
        DCT[r] * pairs[o] + DCT[r + 1] * pairs[o + 1] + DCT[r + 2] * pairs[o + 2] + DCT[r + 3] * pairs[o + 3];
    }
  }
}

const pairs = new Float64Array(8);

/** Transforms back and transposes. */
function backward(from: Float64Array, to: Float64Array): void {
  for (let y = 0; y < 8; y++) {
    const at = y * 8;
    for (let n = 0; n < 4; n++) {
      let even = 0;
      let odd = 0;
      for (let k = 0; k < 8; k += 2) {
        even += DCT[k * 8 + n] * from[at + k];
        odd += DCT[k * 8 + 8 + n] * from[at + k + 1];
      }
      to[n * 8 + y] = even + odd;
      to[(7 - n) * 8 + y] = even - odd;
    }
  }
}

/** Compresses RGB bytes of a square picture with loss, in place. `step` runs from 2 (good) to 20 (poor). */
export function compress(rgb: Uint8Array, size: number, step: number): void {
  const luma = new Float32Array(size * size);
  const small = (size + 1) >> 1;
  const [cb, cr, count] = [0, 1, 2].map(() => new Float32Array(small * small)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let y = 0, p = 0; y < size; y++) {
    for (let x = 0; x < size; x++, p++) {
      const [r, g, b] = [rgb[p * 3], rgb[p * 3 + 1], rgb[p * 3 + 2]];
      const l = 0.299 * r + 0.587 * g + 0.114 * b;
      luma[p] = l;
      const q = (y >> 1) * small + (x >> 1);
      cb[q] += b - l;
      cr[q] += r - l;
      count[q]++;
    }
  }
  for (let q = 0; q < count.length; q++) {
    cb[q] /= count[q];
    cr[q] /= count[q];
  }
  quantise(luma, size, size, step, 0.35);
  quantise(cb, small, small, step * 2, 0.6);
  quantise(cr, small, small, step * 2, 0.6);
  for (let y = 0, p = 0; y < size; y++) {
    for (let x = 0; x < size; x++, p++) {
      const q = (y >> 1) * small + (x >> 1);
      const [l, u, v] = [luma[p], cb[q], cr[q]];
      rgb[p * 3] = byte(l + v);
      rgb[p * 3 + 1] = byte(l - 0.194 * u - 0.509 * v);
      rgb[p * 3 + 2] = byte(l + u);
    }
  }
}

const byte = (value: number) => (value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value));
