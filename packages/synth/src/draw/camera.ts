import type { Canvas, Window } from "./canvas.js";
import { compress } from "./jpeg.js";
import { clamp, squared, unitAt } from "./maths.js";
import { chance, hash, type Random } from "./random.js";

/** The light and camera of a sample. */
export interface Photo {
  /** Unit vector to the light; z points at the camera. */
  readonly light: readonly [number, number, number];
  /** The share of diffuse light from all directions. */
  readonly ambient: number;
  readonly exposure: number;
  /** Gains of red and blue. */
  readonly warmth: readonly [number, number];
  /** Brightness change across the picture, by x and y. */
  readonly gradient: readonly [number, number];
  readonly vignette: number;
  /** Passes of the lens blur. */
  readonly blur: number;
  readonly noise: number;
  readonly noiseSeed: number;
  /** Coarseness of JPEG compression; 0 for none. */
  readonly jpeg: number;
  readonly grey: boolean;
}

/** Draws light and camera. Their range is the same for all classes. */
export function drawPhoto(random: Random, classGrey: boolean): Photo {
  const [ax, ay] = unitAt(random.between(0, 1));
  const low = random.between(0.35, 0.95);
  const length = Math.sqrt(low * low + 0.5625);
  const harsh = random.between(0, 1);
  const exposure = chance(random, 0.22)
    ? chance(random, 0.5)
      ? random.between(0.55, 0.72)
      : random.between(1.3, 1.55)
    : random.between(0.85, 1.15);
  const warm = random.between(-0.07, 0.07);
  const [gx, gy] = unitAt(random.between(0, 1));
  const slope = random.between(0, 0.16);
  return {
    light: [(ax * low) / length, (ay * low) / length, 0.75 / length],
    ambient: 0.25 + 0.35 * harsh,
    exposure,
    warmth: [1 + warm, 1 - warm],
    gradient: [gx * slope, gy * slope],
    vignette: random.between(0, 0.2),
    blur: chance(random, 0.14) ? 2 + random.below(2) : random.below(2),
    noise: chance(random, 0.15) ? random.between(0.025, 0.06) : random.between(0.003, 0.02),
    noiseSeed: random.below(2 ** 31),
    jpeg: chance(random, 0.2) ? random.between(3, 14) : 0,
    grey: chance(random, 0.06) || classGrey,
  };
}

/** The same camera a moment later: other noise, and slightly brighter or darker light. */
export function flickered(photo: Photo, random: Random): Photo {
  const exposure = photo.exposure * random.between(0.96, 1.04);
  return { ...photo, exposure, noiseSeed: random.below(2 ** 31) };
}

/** The light on the sensor: a value for each pixel and channel. */
export interface Exposure {
  readonly size: number;
  readonly channels: readonly [Float32Array, Float32Array, Float32Array];
}

export function exposureOf(size: number): Exposure {
  const plane = () => new Float32Array(size * size);
  return { size, channels: [plane(), plane(), plane()] };
}

/** Renders the light of the surface through a blurring lens, within `window` of `out`. */
export function photograph(
  canvas: Canvas,
  photo: Photo,
  out: Exposure,
  scratch: Float32Array,
  window: Window,
): void {
  const passes = lensPasses(photo, canvas.size);
  const { light, ambient } = photo;
  const direct = (1 - ambient) / light[2];
  illuminate(canvas, out, grown(window, passes, canvas.size), {
    light,
    perUnit: 1 / canvas.unit,
    steepest: 2,
    brightness: (diffuse, hollow) => (ambient + direct * diffuse) * clamp(hollow, 0.6, 1.2),
    glare: (gloss, mirror) => {
      const shine = squared(mirror, 4);
      return gloss * shine * shine;
    },
  });
  for (const channel of out.channels) {
    for (let i = passes; i > 0; i--)
      soften(channel, scratch, canvas.size, grown(window, i - 1, canvas.size), 0.25);
  }
}

/** How far, in pixels, a change of the surface can change the picture: 1 by slopes, plus the lens. */
export function reach(photo: Photo, size: number): number {
  return 1 + lensPasses(photo, size);
}

function lensPasses(photo: Photo, size: number): number {
  return photo.blur === 0 ? 0 : Math.max(1, Math.round((photo.blur * size) / 110));
}

export function grown(window: Window, by: number, size: number): Window {
  return {
    left: Math.max(0, window.left - by),
    top: Math.max(0, window.top - by),
    right: Math.min(size, window.right + by),
    bottom: Math.min(size, window.bottom + by),
  };
}

/** How a surface answers light. */
interface Lighting {
  readonly light: Photo["light"];
  /** Pixels a layout unit. */
  readonly perUnit: number;
  /** Steeper slopes count as this. */
  readonly steepest: number;
  /** By the cosine of the angle to the light, and by how much higher than its neighbours a pixel is: about 1. */
  brightness(diffuse: number, hollow: number): number;
  /** By gloss, and the cosine of the angle to a mirror that reflects the lamp. */
  glare(gloss: number, mirror: number): number;
}

/** Renders the light of the surface within a window. */
export function illuminate(canvas: Canvas, out: Exposure, window: Window, lighting: Lighting): void {
  const { size, height, gloss } = canvas;
  const { perUnit, steepest } = lighting;
  const [lx, ly, lz] = lighting.light;
  const halfLength = Math.sqrt(lx * lx + ly * ly + (lz + 1) * (lz + 1));
  const [hx, hy, hz] = [lx / halfLength, ly / halfLength, (lz + 1) / halfLength];
  const [red, green, blue] = out.channels;
  for (let y = window.top; y < window.bottom; y++) {
    const up = y > 0 ? -size : 0;
    const down = y < size - 1 ? size : 0;
    const perRow = down === 0 || up === 0 ? perUnit : perUnit / 2;
    for (let x = window.left, p = y * size + x; x < window.right; x++, p++) {
      const w = height[x > 0 ? p - 1 : p];
      const e = height[x < size - 1 ? p + 1 : p];
      const n = height[p + up];
      const s = height[p + down];
      const perColumn = x > 0 && x < size - 1 ? perUnit / 2 : perUnit;
      const sx = clamp((e - w) * perColumn, -steepest, steepest);
      const sy = clamp((s - n) * perRow, -steepest, steepest);
      const norm = 1 / Math.sqrt(1 + sx * sx + sy * sy);
      const diffuse = Math.max(0, (lz - sx * lx - sy * ly) * norm);
      const hollow = 1 + ((height[p] - (w + e + n + s) / 4) * perUnit) / 2;
      const brightness = lighting.brightness(diffuse, hollow);
      const mirror = Math.max(0, (hz - sx * hx - sy * hy) * norm);
      const glare = gloss[p] > 0 ? lighting.glare(gloss[p], mirror) : 0;
      red[p] = canvas.red[p] * brightness + glare;
      green[p] = canvas.green[p] * brightness + glare;
      blue[p] = canvas.blue[p] * brightness + glare;
    }
  }
}

/**
 * One pass of the lens blur along rows, then along columns, in place. Each neighbour counts `share`, the value itself the rest;
 * values around the window are taken as they are.
 */
export function soften(
  values: Float32Array,
  scratch: Float32Array,
  size: number,
  window: Window,
  share: number,
): void {
  const rest = 1 - 2 * share;
  const { left, right } = window;
  const top = Math.max(0, window.top - 1);
  const bottom = Math.min(size, window.bottom + 1);
  for (let y = top; y < bottom; y++) {
    for (let x = left, p = y * size + left; x < right; x++, p++) {
      const before = values[x > 0 ? p - 1 : p];
      const after = values[x < size - 1 ? p + 1 : p];
      scratch[p] = rest * values[p] + share * (before + after);
    }
  }
  for (let y = window.top; y < window.bottom; y++) {
    const up = y > 0 ? -size : 0;
    const down = y < size - 1 ? size : 0;
    for (let x = left, p = y * size + left; x < right; x++, p++) {
      values[p] = rest * scratch[p] + share * (scratch[p + up] + scratch[p + down]);
    }
  }
}

const PART = 1 / 255;

/** Develops the picture: exposure, white balance, sensor noise, 8 bits, and compression. */
export function develop(exposure: Exposure, photo: Photo): Uint8Array {
  const { size, channels } = exposure;
  const [red, green, blue] = channels;
  const out = new Uint8Array(size * size * 3);
  const step = 1 / size;
  const [gx, gy] = photo.gradient;
  const [warm, cool] = photo.warmth;
  const amplitude = photo.noise * 1.4;
  const { grey, noiseSeed, vignette } = photo;
  for (let y = 0, p = 0; y < size; y++) {
    const dy = (y + 0.5) * step - 0.5;
    for (let x = 0; x < size; x++, p++) {
      const dx = (x + 0.5) * step - 0.5;
      const gain = photo.exposure * (1 + 2 * (gx * dx + gy * dy) - 2 * vignette * (dx * dx + dy * dy));
      const bits = hash(noiseSeed + p, 0, 0);
      const shared = ((bits & 0xff) + ((bits >>> 8) & 0xff) - 255) * PART;
      let r = red[p] * gain * warm;
      let g = green[p] * gain;
      let b = blue[p] * gain * cool;
      if (grey) {
        r = g = b = 0.3 * r + 0.59 * g + 0.11 * b + amplitude * shared;
      } else {
        const [own, other] = [((bits >>> 16) & 0xff) * PART - 0.5, (bits >>> 24) * PART - 0.5];
        r += amplitude * (shared + 0.6 * own);
        g += amplitude * (shared - 0.3 * (own + other));
        b += amplitude * (shared + 0.6 * other);
      }
      out[p * 3] = byte(r);
      out[p * 3 + 1] = byte(g);
      out[p * 3 + 2] = byte(b);
    }
  }
  if (photo.jpeg > 0) compress(out, size, photo.jpeg);
  return out;
}

/** Compresses highlights: linear up to 0.8, then bending towards 1. */
function byte(value: number): number {
  if (value <= 0) return 0;
  if (value <= 0.8) return (255 * value + 0.5) | 0;
  const over = value * 5 - 4;
  return (204.5 + 51 * (over / (1 + over))) | 0;
}
