import { type Brush, DARK, drawMark, driller, drying, engraver, type Mark } from "../draw/brushes.js";
import type { Canvas, Rgb } from "../draw/canvas.js";
import { clamp, type Point, smoothstep } from "../draw/maths.js";
import { fractal, noise } from "../draw/noise.js";
import { pick, type Random } from "../draw/random.js";
import { arc, blob, branches, lines, oval, STAINS, strongest } from "../draw/strokes.js";

// The products' own defects. They have other strengths and take other random numbers than those of families
// (`draw/flaws.ts`), which no shared table could reproduce to the byte.

/** Kinds of defects that lie on the surface. */
export type SurfaceDefect = "scratch" | "crack" | "hole" | "stain" | "dent" | "contamination";

/** What a defect is drawn from. */
interface DefectOptions {
  readonly canvas: Canvas;
  readonly at: Point;
  readonly random: Random;
  /** The colour below the surface. */
  readonly inside: Rgb;
}

/** Draws a defect, and calls `touched` for each pixel that it changes. */
export function drawDefect(kind: SurfaceDefect, options: DefectOptions, touched: (p: number) => void): void {
  const { canvas } = options;
  drawMark(canvas, canvas.window, MARKS[kind](options), (p, touch) => touch > 0 && touched(p));
}

/** The defects. Their brushes return the strength of the change. */
const MARKS: Readonly<Record<SurfaceDefect, (options: DefectOptions) => Mark<number>>> = {
  scratch({ canvas, at, random, inside }) {
    const length = random.between(45, 105);
    const field = lines([arc(at, length, random)], random.between(1.6, 2.7));
    const engrave = engraver(canvas, random.between(0.8, 2.2), inside, random.between(0.55, 1));
    const seed = random.below(2 ** 30);
    // Pressure varies along the stroke.
    const pressure = (x: number, y: number) => clamp(0.85 + 0.8 * noise(seed, x * 0.07, y * 0.07));
    return { field, brush: (p, near, on, x, y) => engrave(p, near * on * pressure(x, y)) };
  },
  crack({ canvas, at, random, inside }) {
    const field = lines(branches(at, random), random.between(0.9, 1.4));
    const engrave = engraver(canvas, 2.2, [inside[0] * 0.3, inside[1] * 0.3, inside[2] * 0.3], 0.85);
    return { field, brush: (p, near, on) => engrave(p, near * on) };
  },
  hole({ canvas, at, random, inside }) {
    const field = blob(at, random.between(5, 11), 0.25, random);
    return {
      field,
      brush: driller(canvas, { strength: 1, depth: 7, edge: 0.12, inside, bottom: DARK, share: 0.9 }),
    };
  },
  stain({ canvas, at, random }) {
    const field = blob(at, random.between(13, 30), 0.5, random);
    const strength = random.between(0.22, 0.6);
    const colour = pick(random, STAINS);
    const seed = random.below(2 ** 30);
    const brush: Brush<number> = (p, near, on, x, y) => {
      const body = smoothstep(0, 0.16, near) * on;
      const wet = clamp(0.8 + 0.7 * fractal(seed, x * 0.06, y * 0.06, 3) + 0.45 * drying(near, body));
      canvas.stain(p, colour, strength * body * wet);
      canvas.gloss[p] *= 1 - strength * body;
      return body;
    };
    return { field, brush };
  },
  dent({ canvas, at, random, inside }) {
    const radius = random.between(13, 23);
    const press = engraver(canvas, random.between(0.2, 0.34) * radius, inside, 0);
    const field = oval(at, random.direction(), radius * random.between(1, 1.6), radius);
    return { field, brush: (p, near, on) => press(p, near * on) };
  },
  contamination({ canvas, at, random }) {
    const isHair = random.below(2) === 0;
    const count = isHair ? 1 : 2 + random.below(4);
    const hair = lines([arc(at, random.between(40, 75), random)], 1);
    const grains = Array.from({ length: count }, () => {
      const [x, y] = random.direction();
      const far = random.between(0, 14);
      return blob([at[0] + x * far, at[1] + y * far], random.between(2, 4.2), 0.4, random);
    });
    const level = random.below(2) === 0 ? random.between(0.04, 0.1) : random.between(0.75, 0.95);
    const pile = engraver(canvas, isHair ? -1 : -3.2, [level * 1.05, level, level * 0.9], 0.92);
    return {
      field: isHair ? hair : strongest(grains),
      brush: (p, near, on) => pile(p, smoothstep(0, 0.5, near) * on),
    };
  },
};
