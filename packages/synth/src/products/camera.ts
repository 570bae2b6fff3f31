import { type Exposure, exposureOf, illuminate, type Photo, soften } from "../draw/camera.js";
import { type Canvas, eachPixel, SIDE, whole } from "../draw/canvas.js";
import { clamp, squared } from "../draw/maths.js";
import { type Random, unit } from "../draw/random.js";

// The products' own camera. Its light is less varied than that of families (`draw/camera.ts`), and it computes the noise in
// another order of operations. Both are fixed to the byte.

/** The light and camera of a product's sample. */
type ProductPhoto = Pick<Photo, "light" | "exposure" | "gradient" | "vignette" | "noise" | "noiseSeed">;

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
  const exposure = exposureOf(size);
  illuminate(canvas, exposure, whole(size), {
    light: photo.light,
    perUnit: size / SIDE,
    steepest: 2.5,
    brightness: (diffuse, hollow) => (0.34 + 0.66 * (diffuse / photo.light[2])) * clamp(hollow, 0.6, 1.25),
    glare: (gloss, mirror) => gloss * squared(mirror, 5),
  });
  const scratch = new Float32Array(size * size);
  for (const channel of exposure.channels) soften(channel, scratch, size, whole(size), 0.125);
  return develop(canvas, exposure, photo);
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
