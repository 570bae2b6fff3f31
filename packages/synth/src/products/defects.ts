import { type Canvas, eachPixel, type Rgb } from "../draw/canvas.js";
import { clamp, type Point, smoothstep } from "../draw/maths.js";
import { fractal, noise } from "../draw/noise.js";
import type { Random } from "../draw/random.js";
import { arc, blob, branches, lines, oval, STAINS } from "../draw/strokes.js";

// The products' own defects. They have other strengths and take other random numbers than those of families
// (`draw/flaws.ts`), which no shared table could reproduce to the byte.

/** Kinds of defects that lie on the surface. */
export type SurfaceDefect = "scratch" | "crack" | "hole" | "stain" | "dent" | "contamination";

/** Changes pixel p, of which the product covers the share `on`. @returns the strength, from 0 to 1. */
type Brush = (canvas: Canvas, p: number, x: number, y: number, on: number) => number;

/**
 * Draws a defect near `at`.
 *
 * @param inside the colour below the surface.
 * @returns the strength at each pixel; pixels with 0 are unchanged.
 */
export function drawDefect(
  canvas: Canvas,
  kind: SurfaceDefect,
  at: Point,
  random: Random,
  inside: Rgb,
): Float32Array {
  const brush = BRUSHES[kind](at, random, inside);
  const touched = new Float32Array(canvas.size * canvas.size);
  eachPixel(canvas, canvas.window, (p, x, y) => {
    const on = canvas.cover[p];
    if (on > 0) touched[p] = brush(canvas, p, x, y, on);
  });
  return touched;
}

const BRUSHES: Readonly<Record<SurfaceDefect, (at: Point, random: Random, inside: Rgb) => Brush>> = {
  scratch: (at, random, inside) => {
    const length = random.between(45, 105);
    const field = lines([arc(at, length, random)], random.between(1.6, 2.7));
    const depth = random.between(0.8, 2.2);
    const bare = random.between(0.55, 1);
    const seed = random.below(2 ** 30);
    return (canvas, p, x, y, on) => {
      // Pressure varies along the stroke.
      const touch = field(x, y) * on * clamp(0.85 + 0.8 * noise(seed, x * 0.07, y * 0.07));
      canvas.height[p] -= depth * touch;
      canvas.tint(p, inside, bare * touch);
      return touch;
    };
  },
  crack: (at, random, inside) => {
    const field = lines(branches(at, random), random.between(0.9, 1.4));
    return (canvas, p, x, y, on) => {
      const touch = field(x, y) * on;
      canvas.height[p] -= 2.2 * touch;
      canvas.tint(p, [inside[0] * 0.3, inside[1] * 0.3, inside[2] * 0.3], 0.85 * touch);
      return touch;
    };
  },
  hole: (at, random, inside) => {
    const field = blob(at, random.between(5, 11), 0.25, random);
    return (canvas, p, x, y, on) => {
      const reach = field(x, y);
      const touch = smoothstep(0, 0.12, reach) * on;
      const deep = smoothstep(0.1, 0.4, reach) * on;
      canvas.height[p] -= 1.5 * touch + 7 * deep;
      canvas.tint(p, inside, 0.5 * touch);
      canvas.tint(p, [0.045, 0.04, 0.04], 0.9 * deep);
      canvas.gloss[p] *= 1 - touch;
      return touch;
    };
  },
  stain: (at, random) => {
    const field = blob(at, random.between(13, 30), 0.5, random);
    const strength = random.between(0.22, 0.6);
    const colour = STAINS[random.below(STAINS.length)];
    const seed = random.below(2 ** 30);
    return (canvas, p, x, y, on) => {
      const reach = field(x, y);
      const body = smoothstep(0, 0.16, reach) * on;
      // A drying liquid leaves most of its dye at the rim.
      const rim = body * (1 - smoothstep(0.08, 0.4, reach));
      const wet = clamp(0.8 + 0.7 * fractal(seed, x * 0.06, y * 0.06, 3) + 0.45 * rim);
      const k = strength * body * wet;
      canvas.dye(p, 1 - k * (1 - colour[0]), 1 - k * (1 - colour[1]), 1 - k * (1 - colour[2]));
      canvas.gloss[p] *= 1 - strength * body;
      return body;
    };
  },
  dent: (at, random) => {
    const radius = random.between(13, 23);
    const depth = random.between(0.2, 0.34) * radius;
    const direction = random.direction();
    const field = oval(at, direction, radius * random.between(1, 1.6), radius);
    return (canvas, p, x, y, on) => {
      const touch = field(x, y) * on;
      canvas.height[p] -= depth * touch;
      return touch;
    };
  },
  contamination: (at, random) => {
    const isHair = random.below(2) === 0;
    const count = isHair ? 1 : 2 + random.below(4);
    const hair = lines([arc(at, random.between(40, 75), random)], 1);
    const grains = Array.from({ length: count }, () => {
      const [x, y] = random.direction();
      const far = random.between(0, 14);
      return blob([at[0] + x * far, at[1] + y * far], random.between(2, 4.2), 0.4, random);
    });
    const level = random.below(2) === 0 ? random.between(0.04, 0.1) : random.between(0.75, 0.95);
    const colour: Rgb = [level * 1.05, level, level * 0.9];
    return (canvas, p, x, y, on) => {
      const reach = isHair ? hair(x, y) : grains.reduce((most, grain) => Math.max(most, grain(x, y)), 0);
      const touch = smoothstep(0, 0.5, reach) * on;
      canvas.height[p] += (isHair ? 1 : 3.2) * touch;
      canvas.tint(p, colour, 0.92 * touch);
      return touch;
    };
  },
};
