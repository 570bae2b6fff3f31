import { clamp, type Random, unit } from "./noise.js";

/** Drawings are laid out on a square of this side, whatever the number of pixels. */
export const SIDE = 240;

/** A material before it is lit. */
export interface Surface {
  /** Pixels a side. */
  readonly size: number;
  /** Height in layout units, a value a pixel. */
  readonly height: Float32Array;
  /** Red, green, blue in [0, 1], as they look under even light. */
  readonly colour: Float32Array;
  /** How much a highlight adds, a value a pixel. */
  readonly gloss: Float32Array;
  /** 1 on the product and 0 beside it; absent where the material fills the picture. */
  readonly product?: Float32Array;
}

export function surface(size: number, hasBackground = false): Surface {
  const n = size * size;
  return {
    size,
    height: new Float32Array(n),
    colour: new Float32Array(n * 3),
    gloss: new Float32Array(n),
    ...(hasBackground && { product: new Float32Array(n) }),
  };
}

/** Calls `paint` with each pixel's index and the layout position of its centre. */
export function eachPixel(size: number, paint: (p: number, x: number, y: number) => void): void {
  const step = SIDE / size;
  for (let row = 0, p = 0; row < size; row++) {
    for (let column = 0; column < size; column++, p++) paint(p, (column + 0.5) * step, (row + 0.5) * step);
  }
}

export function setColour(colour: Float32Array, p: number, r: number, g: number, b: number): void {
  colour[p * 3] = r;
  colour[p * 3 + 1] = g;
  colour[p * 3 + 2] = b;
}

/** Where the light comes from, how even it is, and the camera's noise. */
export interface Lighting {
  /** Unit vector to the light; z points at the camera. */
  readonly to: readonly [number, number, number];
  readonly exposure: number;
  /** Brightness change across the picture, by x and y. */
  readonly gradient: readonly [number, number];
  /** Darkening in the corners. */
  readonly vignette: number;
  readonly grain: number;
  readonly grainSeed: number;
}

/** A lamp at the upper left that differs a little from sample to sample. */
export function drawLighting(random: Random): Lighting {
  const [x, y, z] = [-0.5 + random.between(-0.06, 0.06), -0.55 + random.between(-0.06, 0.06), 0.75];
  const length = Math.sqrt(x * x + y * y + z * z);
  return {
    to: [x / length, y / length, z / length],
    exposure: random.between(0.95, 1.05),
    gradient: [random.between(-0.12, -0.02), random.between(-0.12, -0.02)],
    vignette: random.between(0.08, 0.14),
    grain: random.between(0.008, 0.012),
    grainSeed: random.below(2 ** 31),
  };
}

/** How far, in pixels, a change of the surface can reach in the picture: normals 1, the lens 1. */
export const REACH = 2;

/** Photographs the surface: diffuse and specular light by the slopes, darker hollows, lens blur, sensor noise. */
export function photograph(surface: Surface, light: Lighting): Uint8Array {
  return expose(lit(surface, light), surface.size, light);
}

function lit({ size, height, colour, gloss }: Surface, { to: [lx, ly, lz] }: Lighting): Float32Array {
  const out = new Float32Array(size * size * 3);
  const perUnit = size / SIDE;
  const halfLength = Math.sqrt(lx * lx + ly * ly + (lz + 1) * (lz + 1));
  const [hx, hy, hz] = [lx / halfLength, ly / halfLength, (lz + 1) / halfLength];
  for (let y = 0, p = 0; y < size; y++) {
    const up = y > 0 ? -size : 0;
    const down = y < size - 1 ? size : 0;
    for (let x = 0; x < size; x++, p++) {
      const left = x > 0 ? -1 : 0;
      const right = x < size - 1 ? 1 : 0;
      const [w, e, n, s] = [height[p + left]!, height[p + right]!, height[p + up]!, height[p + down]!];
      const sx = clamp(((e - w) / (right - left)) * perUnit, -2.5, 2.5);
      const sy = clamp(((s - n) / ((down - up) / size)) * perUnit, -2.5, 2.5);
      const norm = 1 / Math.sqrt(1 + sx * sx + sy * sy);
      const diffuse = Math.max(0, (lz - sx * lx - sy * ly) * norm) / lz;
      let shine = Math.max(0, (hz - sx * hx - sy * hy) * norm);
      for (let i = 0; i < 5; i++) shine *= shine;
      const hollow = clamp(1 + ((height[p]! - (w + e + n + s) / 4) * perUnit) / 2, 0.6, 1.25);
      const brightness = (0.34 + 0.66 * diffuse) * hollow;
      for (let c = 0; c < 3; c++) out[p * 3 + c] = colour[p * 3 + c]! * brightness + gloss[p]! * shine;
    }
  }
  return out;
}

function expose(linear: Float32Array, size: number, light: Lighting): Uint8Array {
  const out = new Uint8Array(linear.length);
  const soft = blurred(linear, size);
  const [gx, gy] = light.gradient;
  eachPixel(size, (p, x, y) => {
    const [dx, dy] = [x / SIDE - 0.5, y / SIDE - 0.5];
    const fall = 1 + gx * dx * 2 + gy * dy * 2 - light.vignette * (dx * dx + dy * dy) * 2;
    const shared = unit(light.grainSeed, p) + unit(light.grainSeed, p, 1) - 1;
    for (let c = 0; c < 3; c++) {
      const own = unit(light.grainSeed, p, 2 + c) - 0.5;
      const value = soft[p * 3 + c]! * fall * light.exposure + light.grain * (1.6 * shared + own);
      out[p * 3 + c] = Math.round(255 * shoulder(value));
    }
  });
  return out;
}

/** Keeps highlights from clipping hard: straight to 0.8, then bending towards 1. */
function shoulder(value: number): number {
  if (value <= 0.8) return Math.max(0, value);
  const over = (value - 0.8) / 0.2;
  return 0.8 + 0.2 * (over / (1 + over));
}

/** The lens: weights 1 6 1 along rows, then along columns. */
function blurred(values: Float32Array, size: number): Float32Array {
  const along = (from: Float32Array, step: number, at: (p: number) => number) => {
    const to = new Float32Array(from.length);
    for (let p = 0; p < size * size; p++) {
      const before = at(p) > 0 ? p - step : p;
      const after = at(p) < size - 1 ? p + step : p;
      for (let c = 0; c < 3; c++) {
        to[p * 3 + c] = 0.75 * from[p * 3 + c]! + 0.125 * (from[before * 3 + c]! + from[after * 3 + c]!);
      }
    }
    return to;
  };
  const rows = along(values, 1, (p) => p % size);
  return along(rows, size, (p) => Math.floor(p / size));
}
