import { hash } from "../noise.js";

// Noise by hashing lattice points costs too much where every pixel takes ten of them, so it is read from tables,
// which are made by the same exact arithmetic. They repeat every 256 entries: far beyond what a picture shows.

const SIDE = 256;
const MASK = SIDE * SIDE - 1;

let white: Float32Array | undefined;
let clouds: Float32Array | undefined;

/** Independent values in [-1, 1). */
function whiteTable(): Float32Array {
  white ??= Float32Array.from({ length: SIDE * SIDE }, (_, i) => hash(0x5eed, i, 1) / 2147483648 - 1);
  return white;
}

/** Noise in octaves of 8, 4, 2 and 1 entries, repeating at the table's edges. */
function cloudTable(): Float32Array {
  if (clouds) return clouds;
  const source = whiteTable();
  const table = new Float32Array(SIDE * SIDE);
  for (const [octave, step] of [8, 4, 2, 1].entries()) {
    const strength = 1.1 / (1 << octave);
    const at = (i: number, j: number) =>
      source[((((j * step) & 255) << 8) + ((i * step) & 255) + octave * 7919) & MASK]!;
    for (let y = 0, p = 0; y < SIDE; y++) {
      const j = Math.floor(y / step);
      const v = ease(y / step - j);
      for (let x = 0; x < SIDE; x++, p++) {
        const i = Math.floor(x / step);
        const u = ease(x / step - i);
        const [a, b, c, d] = [at(i, j), at(i + 1, j), at(i, j + 1), at(i + 1, j + 1)];
        table[p]! += strength * (a + (b - a) * u + (c - a + (a - b - c + d) * u) * v);
      }
    }
  }
  clouds = table;
  return table;
}

const ease = (t: number) => t * t * (3 - 2 * t);

/** A field of noise: its value at (x, y), about 0. */
export type Noise = (x: number, y: number) => number;

/** Smooth noise of feature size 1 in [-1, 1], another for each seed. */
export function grain(seed: number): Noise {
  const table = whiteTable();
  const start = hash(seed, 1, 11) & MASK;
  return (x, y) => {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const u = ease(x - ix);
    const v = ease(y - iy);
    const i = (iy << 8) + ix + start;
    const a = table[i & MASK]!;
    const b = table[(i + 1) & MASK]!;
    const c = table[(i + SIDE) & MASK]!;
    const d = table[(i + SIDE + 1) & MASK]!;
    return a + (b - a) * u + (c - a + (a - b - c + d) * u) * v;
  };
}

/** Cloudy noise of largest feature 1 and four octaves, mostly within [-1, 1]. */
export function cloud(seed: number): Noise {
  const table = cloudTable();
  const start = hash(seed, 2, 11) & MASK;
  return (x, y) => {
    const [tx, ty] = [x * 8, y * 8];
    const ix = Math.floor(tx);
    const iy = Math.floor(ty);
    const u = tx - ix;
    const v = ty - iy;
    const i = (iy << 8) + ix + start;
    const a = table[i & MASK]!;
    const b = table[(i + 1) & MASK]!;
    const c = table[(i + SIDE) & MASK]!;
    const d = table[(i + SIDE + 1) & MASK]!;
    return a + (b - a) * u + (c - a + (a - b - c + d) * u) * v;
  };
}

/** A value in [-1, 1) for each whole number, or pair of them. */
export function dice(seed: number): (i: number, j?: number) => number {
  const table = whiteTable();
  const start = hash(seed, 3, 11) & MASK;
  return (i, j = 0) => table[(start + i * 61 + j * 15401) & MASK]!;
}

/** How much is left of detail of this wavelength at this many units a pixel: what is finer than two pixels greys out. */
export function seen(wavelength: number, unit: number): number {
  const t = wavelength / unit - 1;
  return t <= 0 ? 0 : t >= 1.5 ? 1 : t / 1.5;
}
