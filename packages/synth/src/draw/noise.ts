import { bilinear, ease, type Point } from "./maths.js";
import { hash } from "./random.js";

// Two kinds of noise. Hashing each lattice point gives noise that never repeats, for outlines and for the products of
// `products/`. Families take ten values a pixel, so theirs are read from tables of the same exact arithmetic, which repeat
// every 256 entries: far beyond what a picture shows.

/** Gradient noise about 0, within [-1, 1], of feature size 1 (Perlin 2002). */
export function noise(seed: number, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - ix, y - iy];
  const a = slope(hash(seed, ix, iy), fx, fy);
  const b = slope(hash(seed, ix + 1, iy), fx - 1, fy);
  const c = slope(hash(seed, ix, iy + 1), fx, fy - 1);
  const d = slope(hash(seed, ix + 1, iy + 1), fx - 1, fy - 1);
  return 1.4 * bilinear(a, b, c, d, quinticEase(fx), quinticEase(fy));
}

function quinticEase(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10);
}

/** The rise along a random direction over (x, y). */
function slope(h: number, x: number, y: number): number {
  return ((h & 0xffff) / 32768 - 1) * x + ((h >>> 16) / 32768 - 1) * y;
}

/** Gradient noise summed over octaves, each twice as fine and half as strong. Octaves are rotated, so that no axis shows. */
export function fractal(seed: number, x: number, y: number, octaves: number): number {
  let sum = 0;
  let strength = 0.5;
  for (let i = 0; i < octaves; i++) {
    sum += strength * noise(seed + i, x, y);
    [x, y] = [1.6 * x - 1.2 * y, 1.2 * x + 1.6 * y];
    strength *= 0.5;
  }
  return sum;
}

/**
 * Cells around random points, one to each unit square (Worley 1996): of a place, the distance to the nearest point, how much farther
 * the second nearest is, and random bits of the nearest. The next call overwrites the result.
 */
export function cells(seed: number) {
  const cell = { nearest: 0, margin: 0, id: 0 };
  return (x: number, y: number): Readonly<typeof cell> => {
    const [ix, iy] = [Math.floor(x), Math.floor(y)];
    let first = 9;
    let second = 9;
    for (let j = iy - 1; j <= iy + 1; j++) {
      for (let i = ix - 1; i <= ix + 1; i++) {
        const h = hash(seed, i, j);
        const dx = i + (h & 0xffff) / 65536 - x;
        const dy = j + (h >>> 16) / 65536 - y;
        const d = dx * dx + dy * dy;
        if (d < first) {
          second = first;
          first = d;
          cell.id = h;
        } else if (d < second) second = d;
      }
    }
    cell.nearest = Math.sqrt(first);
    cell.margin = Math.sqrt(second) - cell.nearest;
    return cell;
  };
}

const tile = { i: 0, j: 0, a: 0, b: 0, u: 0, v: 0 };

/**
 * The tile at (u, v) of a lattice of unit squares, where every other row is shifted back by `offset`: its column i and row j, the way
 * (a, b) from its middle, each in [-0.5, 0.5), and its middle (u, v). The next call overwrites the result.
 */
export function tileAt(u: number, v: number, offset = 0): Readonly<typeof tile> {
  tile.j = Math.floor(v);
  const shift = offset * (tile.j & 1);
  tile.i = Math.floor(u + shift);
  tile.a = u + shift - tile.i - 0.5;
  tile.b = v - tile.j - 0.5;
  tile.u = tile.i + 0.5 - shift;
  tile.v = tile.j + 0.5;
  return tile;
}

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
      source[((((j * step) & 255) << 8) + ((i * step) & 255) + octave * 7919) & MASK];
    for (let y = 0, p = 0; y < SIDE; y++) {
      const j = Math.floor(y / step);
      const v = ease(y / step - j);
      for (let x = 0; x < SIDE; x++, p++) {
        const i = Math.floor(x / step);
        const u = ease(x / step - i);
        table[p] += strength * bilinear(at(i, j), at(i + 1, j), at(i, j + 1), at(i + 1, j + 1), u, v);
      }
    }
  }
  clouds = table;
  return table;
}

/** A field of noise: its value at (x, y), about 0. */
export type Noise = (...place: Point) => number;

/** Smooth noise of feature size 1 in [-1, 1], another for each seed. */
export function grain(seed: number): Noise {
  const table = whiteTable();
  const start = hash(seed, 1, 11) & MASK;
  return (x, y) => {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    return between(table, (iy << 8) + ix + start, ease(x - ix), ease(y - iy));
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
    return between(table, (iy << 8) + ix + start, tx - ix, ty - iy);
  };
}

/** The value of a table between entry i, the one to its right and the two below. */
function between(table: Float32Array, i: number, u: number, v: number): number {
  return bilinear(
    table[i & MASK],
    table[(i + 1) & MASK],
    table[(i + SIDE) & MASK],
    table[(i + SIDE + 1) & MASK],
    u,
    v,
  );
}

/** A random value in [-1, 1) for each whole number, or pair of them. */
export function dice(seed: number): (i: number, j?: number) => number {
  const table = whiteTable();
  const start = hash(seed, 3, 11) & MASK;
  return (i, j = 0) => table[(start + i * 61 + j * 15401) & MASK];
}

/** The visible share of detail of a wavelength, at so many layout units a pixel: 0 up to one pixel, 1 from 2.5 pixels. */
export function seen(wavelength: number, unit: number): number {
  const t = wavelength / unit - 1;
  return t <= 0 ? 0 : t >= 1.5 ? 1 : t / 1.5;
}
