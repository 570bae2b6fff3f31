import { type Exposure, exposureOf, type Photo, soften } from "../draw/camera.js";
import { type Canvas, eachPixel, SIDE, whole } from "../draw/canvas.js";
import { clamp } from "../draw/maths.js";
import { type Random, unit } from "../draw/random.js";

// The products' own camera. It computes light and noise in another order of operations than that of families
// (`draw/camera.ts`): both are fixed to the byte, so only the lens, the surface and the exposure are shared.

/** The light and camera of a product's sample. */
export type ProductPhoto = Pick<
  Photo,
  "light" | "exposure" | "gradient" | "vignette" | "noise" | "noiseSeed"
>;

/** A lamp at the upper left, with small differences between samples. */
export function drawProductPhoto(random: Random): ProductPhoto {
  const [x, y, z] = [-0.5 + random.between(-0.06, 0.06), -0.55 + random.between(-0.06, 0.06), 0.75];
  const length = Math.sqrt(x * x + y * y + z * z);
  return {
    light: [x / length, y / length, z / length],
    exposure: random.between(0.95, 1.05),
    gradient: [random.between(-0.12, -0.02), random.between(-0.12, -0.02)],
    vignette: random.between(0.08, 0.14),
    noise: random.between(0.008, 0.012),
    noiseSeed: random.below(2 ** 31),
  };
}

/** How far, in pixels, a change of the surface can reach in the picture: normals 1, the lens 1. */
export const REACH = 2;

/** Photographs the surface: diffuse and specular light by slope, darker hollows, lens blur, sensor noise. */
export function photographProduct(canvas: Canvas, photo: ProductPhoto): Uint8Array {
  const { size } = canvas;
  const exposure = light(canvas, photo.light);
  const scratch = new Float32Array(size * size);
  for (const channel of exposure.channels) soften(channel, scratch, size, whole(size), 0.125);
  return develop(canvas, exposure, photo);
}

function light({ size, height, red, green, blue, gloss }: Canvas, [lx, ly, lz]: Photo["light"]): Exposure {
  const out = exposureOf(size);
  const [outRed, outGreen, outBlue] = out.channels;
  const perUnit = size / SIDE;
  const halfLength = Math.sqrt(lx * lx + ly * ly + (lz + 1) * (lz + 1));
  const [hx, hy, hz] = [lx / halfLength, ly / halfLength, (lz + 1) / halfLength];
  for (let y = 0, p = 0; y < size; y++) {
    const up = y > 0 ? -size : 0;
    const down = y < size - 1 ? size : 0;
    for (let x = 0; x < size; x++, p++) {
      const left = x > 0 ? -1 : 0;
      const right = x < size - 1 ? 1 : 0;
      const [w, e, n, s] = [height[p + left], height[p + right], height[p + up], height[p + down]];
      const sx = clamp(((e - w) / (right - left)) * perUnit, -2.5, 2.5);
      const sy = clamp(((s - n) / ((down - up) / size)) * perUnit, -2.5, 2.5);
      const norm = 1 / Math.sqrt(1 + sx * sx + sy * sy);
      const diffuse = Math.max(0, (lz - sx * lx - sy * ly) * norm) / lz;
      let shine = Math.max(0, (hz - sx * hx - sy * hy) * norm);
      for (let i = 0; i < 5; i++) shine *= shine;
      const hollow = clamp(1 + ((height[p] - (w + e + n + s) / 4) * perUnit) / 2, 0.6, 1.25);
      const brightness = (0.34 + 0.66 * diffuse) * hollow;
      const glare = gloss[p] * shine;
      outRed[p] = red[p] * brightness + glare;
      outGreen[p] = green[p] * brightness + glare;
      outBlue[p] = blue[p] * brightness + glare;
    }
  }
  return out;
}

function develop(canvas: Canvas, { channels }: Exposure, photo: ProductPhoto): Uint8Array {
  const out = new Uint8Array(canvas.size * canvas.size * 3);
  const [gx, gy] = photo.gradient;
  const { exposure, vignette, noise, noiseSeed } = photo;
  eachPixel(canvas, canvas.window, (p, x, y) => {
    const [dx, dy] = [x / SIDE - 0.5, y / SIDE - 0.5];
    const fall = 1 + gx * dx * 2 + gy * dy * 2 - vignette * (dx * dx + dy * dy) * 2;
    const shared = unit(noiseSeed, p) + unit(noiseSeed, p, 1) - 1;
    for (let c = 0; c < 3; c++) {
      const own = unit(noiseSeed, p, 2 + c) - 0.5;
      const value = channels[c][p] * fall * exposure + noise * (1.6 * shared + own);
      out[p * 3 + c] = Math.round(255 * shoulder(value));
    }
  });
  return out;
}

/** Compresses highlights: linear up to 0.8, then bending towards 1. */
function shoulder(value: number): number {
  if (value <= 0.8) return Math.max(0, value);
  const over = (value - 0.8) / 0.2;
  return 0.8 + 0.2 * (over / (1 + over));
}
