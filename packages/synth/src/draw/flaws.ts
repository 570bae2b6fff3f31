import type { DefectKind } from "../defects.js";
import { DARK, drawMark, driller, drying, engraver, type Mark } from "./brushes.js";
import { boxAround, type Canvas, type Rgb, type Window, windowOf } from "./canvas.js";
import { anyColour, mix } from "./colours.js";
import { bump, clamp, smoothstep } from "./maths.js";
import { cloud, grain } from "./noise.js";
import { chance, pick, type Random } from "./random.js";
import { arc, blob, branches, lines, oval, STAINS, strongest } from "./strokes.js";

/** The place and strength of a defect. */
export interface FlawPlan {
  /** In the picture, in layout units. */
  readonly at: readonly [number, number];
  readonly random: Random;
  /** Contrast, about 1. */
  readonly strength: number;
  /** Extent, about 1. */
  readonly size: number;
  /** The visibility that it must reach, about 1. */
  readonly demand: number;
  readonly inside: Rgb;
}

interface Stroke extends Mark {
  /** The farthest distance from the middle at which a pixel changes. */
  readonly reach: number;
}

type SurfaceKind = Exclude<DefectKind, "misweave" | "pull" | "missing" | "bent" | "misprint" | "chip">;

/** Whether a defect lies on the surface. Others change the structure of the piece. */
export function isSurface(kind: DefectKind): kind is SurfaceKind {
  return kind in STROKES;
}

/** Draws a defect onto the surface. @returns the window outside which nothing changes. */
export function drawFlaw(canvas: Canvas, kind: SurfaceKind, plan: FlawPlan): Window {
  const stroke = STROKES[kind](canvas, plan);
  const window = windowOf(boxAround(plan.at, stroke.reach), canvas.unit, canvas.window);
  drawMark(canvas, window, stroke);
  return window;
}

/** Lines thinner than a pixel would break up into dots. */
const least = (canvas: Canvas, radius: number) => Math.max(radius, canvas.unit * 0.62);

const STROKES: Readonly<Record<SurfaceKind, (canvas: Canvas, plan: FlawPlan) => Stroke>> = {
  scratch(canvas, { at, random, strength, size, inside }) {
    const count = chance(random, 0.25) ? 2 + random.below(2) : 1;
    const length = size * random.between(40, 110);
    const spread = () => random.between(-9, 9) * (count - 1);
    const paths = Array.from({ length: count }, () =>
      arc([at[0] + spread(), at[1] + spread()], length, random),
    );
    const field = lines(paths, least(canvas, random.between(1.4, 3.2)));
    const pressure = grain(random.below(2 ** 30));
    const depth = strength * random.between(0.6, 2.4);
    const bare = strength * random.between(0.4, 0.9);
    const engrave = engraver(
      canvas,
      depth,
      chance(random, 0.3) ? mix(inside, [0.05, 0.05, 0.05], 0.8) : inside,
      bare,
    );
    return {
      reach: length * 0.75 + 24,
      field,
      brush: (p, near, on, x, y) => engrave(p, near * on * clamp(0.85 + 0.4 * pressure(x * 0.06, y * 0.06))),
    };
  },

  crack(canvas, { at, random, strength, inside }) {
    const field = lines(branches(at, random), least(canvas, random.between(1, 2)));
    const dark: Rgb = [inside[0] * 0.2, inside[1] * 0.2, inside[2] * 0.2];
    const engrave = engraver(canvas, strength * 2.4, dark, Math.min(0.95, 0.75 * strength));
    return { reach: 105, field, brush: (p, near, on) => engrave(p, near * on) };
  },

  hole(canvas, { at, random, strength, size, inside }) {
    const radius = size * random.between(7, 15);
    const field = blob(at, radius, random.between(0, 0.4), random);
    const bottom = chance(random, 0.75) ? DARK : mix(inside, [1, 1, 1], 0.3);
    const share = Math.min(1, 0.6 + 0.35 * strength);
    const brush = driller(canvas, { strength, depth: 6, edge: 0.14, inside, bottom, share });
    return { reach: radius * 2.2, field, brush };
  },

  stain(canvas, { at, random, strength, size }) {
    const radius = size * random.between(12, 30);
    const field = blob(at, radius, random.between(0.2, 0.6), random);
    const share = strength * random.between(0.3, 0.7);
    const isBright = chance(random, 0.2);
    const colour: Rgb = chance(random, 0.3) ? anyColour(random).rgb : pick(random, STAINS);
    const wet = cloud(random.below(2 ** 30));
    const rimmed = random.between(0, 0.6);
    const soft = chance(random, 0.4) ? 0.8 : 0.18;
    return {
      reach: radius * 2.2,
      field,
      brush: (p, near, on, x, y) => {
        const body = smoothstep(0, soft, near) * on;
        const dye = clamp(0.85 + 0.3 * wet(x * 0.03, y * 0.03) + rimmed * drying(near, body));
        const k = Math.min(1, share * body * dye);
        if (isBright) canvas.tint(p, mix(colour, [1, 1, 1], 0.6), k);
        else canvas.stain(p, colour, k);
        canvas.gloss[p] *= 1 - k;
      },
    };
  },

  dent(canvas, { at, random, strength, size }) {
    const radius = size * random.between(14, 26);
    const depth = strength * random.between(0.25, 0.45) * radius * (chance(random, 0.2) ? -1 : 1);
    const direction = random.direction();
    const length = radius * random.between(1, 1.7);
    return {
      reach: length,
      field: oval(at, direction, length, radius),
      brush: (p, near, on) => {
        const touch = near * on;
        canvas.height[p] -= depth * touch;
        // Less light reaches the bottom of a dent. Under soft light nothing else shows it.
        canvas.scale(p, 1 - 0.3 * Math.min(1, strength) * touch);
      },
    };
  },

  contamination(canvas, { at, random, strength, size, inside }) {
    const isHair = chance(random, 0.35);
    const count = isHair ? 1 : 1 + random.below(5);
    const spread = size * random.between(6, 26);
    const thick = least(canvas, random.between(1, 1.8));
    const speck = () => {
      const [x, y] = random.direction();
      const far = count === 1 ? 0 : random.between(0, spread);
      const radius = Math.max(canvas.unit, size * random.between(2.5, 7));
      return blob([at[0] + x * far, at[1] + y * far], radius, 0.4, random);
    };
    const field = isHair
      ? lines([arc(at, size * random.between(40, 80), random)], thick)
      : strongest(Array.from({ length: count }, speck));
    const level =
      chance(random, 0.5) === inside[1] < 0.5 ? random.between(0.75, 0.95) : random.between(0.03, 0.12);
    const colour: Rgb = chance(random, 0.3) ? anyColour(random).rgb : [level * 1.04, level, level * 0.92];
    const pile = engraver(canvas, isHair ? -1 : -3, colour, Math.min(1, 0.55 + 0.35 * strength));
    return {
      reach: spread + 65 * size + 12,
      field,
      brush: (p, near, on) => pile(p, smoothstep(0, 0.5, near) * on),
    };
  },

  fold(canvas, { at, random, strength, size }) {
    const [ux, uy] = random.direction();
    const half = size * random.between(60, 130);
    const tall = strength * random.between(1.5, 4) * (chance(random, 0.5) ? 1 : -1);
    const width = Math.max(2 * canvas.unit, random.between(4, 10));
    const tone = strength * random.between(0.12, 0.3);
    return {
      reach: half + 24,
      field: (x, y) => bump(((x - at[0]) * ux + (y - at[1]) * uy) / half),
      brush: (p, end, on, x, y) => {
        const across = ((y - at[1]) * ux - (x - at[0]) * uy) / width;
        const far = Math.abs(across);
        if (far > 2.2) return;
        const ridge = Math.max(0, 1 - far) * end * on;
        canvas.height[p] += tall * ridge;
        // One side of the fold faces away from the light.
        const side = across > 0 ? bump(across / 2.2) : bump(across * 1.2);
        canvas.scale(p, 1 - tone * side * end * on);
      },
    };
  },

  discolouration(canvas, { at, random, strength, size }) {
    const radius = size * random.between(22, 50);
    const field = blob(at, radius, random.between(0.1, 0.5), random);
    const share = Math.min(0.9, strength * random.between(0.35, 0.75));
    const way = random.below(3);
    const hue = anyColour(random).rgb;
    const gain = way === 0 ? 1 - share * 0.75 : 1 + share * 0.9;
    return {
      reach: radius * 2,
      field,
      brush: (p, near, on) => {
        const touch = smoothstep(0, 0.5, near) * on;
        if (way === 2) canvas.tint(p, hue, share * touch);
        else canvas.scale(p, 1 + (gain - 1) * touch);
      },
    };
  },
};
