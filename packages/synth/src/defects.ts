import type { Bend } from "./materials.js";
import { bump, clamp, fractal, noise, type Random, smoothstep, turn } from "./noise.js";
import { eachPixel, type Surface } from "./surface.js";

/** Kinds of defects that change any surface. */
export type SurfaceDefect = "scratch" | "crack" | "hole" | "stain" | "dent" | "contamination";
/** Kinds that displace the structure of woven materials. */
export type WeaveDefect = "misweave" | "pull";
/** Kinds that only the families of `drawCaptioned` know. */
export type OtherDefect = "missing" | "bent" | "misprint" | "fold" | "discolouration" | "chip";
export type DefectKind = SurfaceDefect | WeaveDefect | OtherDefect;

/** How strongly each pixel of the layout is touched, from 0 to 1; exactly 0 outside the defect. */
export type Field = (x: number, y: number) => number;
type Point = readonly [x: number, y: number];

/** What is seen where the surface is opened, in layout colours. */
export type Inside = readonly [red: number, green: number, blue: number];

/**
 * Draws a defect of `kind` near `at` onto a surface and returns how strongly it touches each pixel. Nothing
 * changes where that is 0.
 */
export function applyDefect(
  target: Surface,
  kind: SurfaceDefect,
  at: Point,
  random: Random,
  inside: Inside,
): Float32Array {
  const apply = EFFECTS[kind];
  const paint = apply(at, random, inside);
  const touched = new Float32Array(target.size * target.size);
  eachPixel(target.size, (p, x, y) => {
    const within = target.product?.[p] ?? 1;
    if (within > 0) touched[p] = paint(target, p, x, y, within);
  });
  return touched;
}

/** Changes pixel p of the surface and says how strongly, from 0 to 1. */
type Paint = (target: Surface, p: number, x: number, y: number, within: number) => number;

const EFFECTS: Readonly<Record<SurfaceDefect, (at: Point, random: Random, inside: Inside) => Paint>> = {
  scratch: (at, random, inside) => {
    const length = random.between(45, 105);
    const field = lines([arc(at, length, random)], random.between(1.6, 2.7));
    const depth = random.between(0.8, 2.2);
    const bare = random.between(0.55, 1);
    const seed = random.below(2 ** 30);
    return (target, p, x, y, within) => {
      // Pressure varies along the stroke, so it comes and goes.
      const touch = field(x, y) * within * clamp(0.85 + 0.8 * noise(seed, x * 0.07, y * 0.07));
      target.height[p]! -= depth * touch;
      tint(target, p, inside, bare * touch);
      return touch;
    };
  },
  crack: (at, random, inside) => {
    const field = lines(branches(at, random), random.between(0.9, 1.4));
    return (target, p, x, y, within) => {
      const touch = field(x, y) * within;
      target.height[p]! -= 2.2 * touch;
      tint(target, p, [inside[0] * 0.3, inside[1] * 0.3, inside[2] * 0.3], 0.85 * touch);
      return touch;
    };
  },
  hole: (at, random, inside) => {
    const field = blob(at, random.between(5, 11), 0.25, random);
    return (target, p, x, y, within) => {
      const reach = field(x, y);
      const touch = smoothstep(0, 0.12, reach) * within;
      const deep = smoothstep(0.1, 0.4, reach) * within;
      target.height[p]! -= 1.5 * touch + 7 * deep;
      tint(target, p, inside, 0.5 * touch);
      tint(target, p, [0.045, 0.04, 0.04], 0.9 * deep);
      target.gloss[p]! *= 1 - touch;
      return touch;
    };
  },
  stain: (at, random) => {
    const field = blob(at, random.between(13, 30), 0.5, random);
    const strength = random.between(0.22, 0.6);
    const colour = STAINS[random.below(STAINS.length)]!;
    const seed = random.below(2 ** 30);
    return (target, p, x, y, within) => {
      const reach = field(x, y);
      const body = smoothstep(0, 0.16, reach) * within;
      // A liquid dries from the rim, where it leaves most of what was in it.
      const rim = body * (1 - smoothstep(0.08, 0.4, reach));
      const wet = clamp(0.8 + 0.7 * fractal(seed, x * 0.06, y * 0.06, 3) + 0.45 * rim);
      for (let c = 0; c < 3; c++) target.colour[p * 3 + c]! *= 1 - strength * body * wet * (1 - colour[c]!);
      target.gloss[p]! *= 1 - strength * body;
      return body;
    };
  },
  dent: (at, random) => {
    const radius = random.between(13, 23);
    const depth = random.between(0.2, 0.34) * radius;
    const [ux, uy] = random.direction();
    const stretch = random.between(1, 1.6);
    return (target, p, x, y, within) => {
      const [dx, dy] = [x - at[0], y - at[1]];
      const along = (dx * ux + dy * uy) / (radius * stretch);
      const across = (dy * ux - dx * uy) / radius;
      const touch = bump(Math.sqrt(along * along + across * across)) * within;
      target.height[p]! -= depth * touch;
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
    const colour: Inside = [level * 1.05, level, level * 0.9];
    return (target, p, x, y, within) => {
      const reach = isHair ? hair(x, y) : grains.reduce((most, grain) => Math.max(most, grain(x, y)), 0);
      const touch = smoothstep(0, 0.5, reach) * within;
      target.height[p]! += (isHair ? 1 : 3.2) * touch;
      tint(target, p, colour, 0.92 * touch);
      return touch;
    };
  },
};

/** Tints of coffee, oil, ink and rust. */
export const STAINS: readonly Inside[] = [
  [0.62, 0.42, 0.22],
  [0.5, 0.48, 0.4],
  [0.25, 0.3, 0.5],
  [0.75, 0.38, 0.15],
];

/** Mixes a colour into pixel p. */
function tint({ colour }: Surface, p: number, [r, g, b]: Inside, share: number): void {
  colour[p * 3] = colour[p * 3]! + (r - colour[p * 3]!) * share;
  colour[p * 3 + 1] = colour[p * 3 + 1]! + (g - colour[p * 3 + 1]!) * share;
  colour[p * 3 + 2] = colour[p * 3 + 2]! + (b - colour[p * 3 + 2]!) * share;
}

/**
 * How a woven material is disturbed near `at`: `misweave` leaves out the upright threads of a few crossings, `pull`
 * drags the threads towards one line. The second result says how strongly each place is touched.
 */
export function weaveDefect(
  kind: WeaveDefect,
  at: Point,
  random: Random,
): { bend: (x: number, y: number) => Bend; field: Field } {
  if (kind === "misweave") {
    const field = blob(at, random.between(9, 17), 0.35, random);
    return {
      field: (x, y) => (field(x, y) > 0 ? 1 : 0),
      bend: (x, y) => ({ dx: 0, dy: 0, missing: field(x, y) > 0 }),
    };
  }
  const length = random.between(26, 48);
  const width = random.between(11, 17);
  const drag = random.between(7, 12) * (random.below(2) === 0 ? 1 : -1);
  const upright = random.below(2) === 0;
  const strength: Field = (x, y) => {
    const [along, across] = upright ? [y - at[1], x - at[0]] : [x - at[0], y - at[1]];
    return bump(Math.sqrt((along / length) * (along / length) + (across / width) * (across / width)));
  };
  return {
    field: strength,
    bend: (x, y) => {
      const by = drag * strength(x, y);
      return { dx: upright ? by : 0, dy: upright ? 0 : by, missing: false };
    },
  };
}

/** A disc with a ragged edge: 1 in the middle, falling to 0 at the rim. */
export function blob([cx, cy]: Point, radius: number, ragged: number, random: Random): Field {
  const seed = random.below(2 ** 30);
  const [ux, uy] = random.direction();
  const stretch = random.between(1, 1.5);
  return (x, y) => {
    const [dx, dy] = [x - cx, y - cy];
    if (Math.abs(dx) + Math.abs(dy) > radius * 4) return 0;
    const along = (dx * ux + dy * uy) / stretch;
    const across = dy * ux - dx * uy;
    const far = Math.sqrt(along * along + across * across) / radius;
    return clamp(1 - far * (1 + ragged * 1.6 * fractal(seed, (x / radius) * 1.1, (y / radius) * 1.1, 3)));
  };
}

/** 1 on the middle of the lines, 0 from `radius` on, each line thinning towards its ends. */
export function lines(paths: readonly (readonly Point[])[], radius: number): Field {
  const pieces = paths.flatMap((path) =>
    path.slice(1).map((to, i) => {
      const taper = (t: number) => 0.45 + 0.55 * bump(2 * (t / (path.length - 1)) - 1);
      return { from: path[i]!, to, start: radius * taper(i), end: radius * taper(i + 1) };
    }),
  );
  const points = paths.flat();
  const [left, right] = range(points.map(([x]) => x));
  const [top, bottom] = range(points.map(([, y]) => y));
  return (x, y) => {
    if (x < left - radius || x > right + radius || y < top - radius || y > bottom + radius) return 0;
    let most = 0;
    for (const { from, to, start, end } of pieces) {
      const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
      const t = clamp(((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy));
      const [ex, ey] = [x - from[0] - t * dx, y - from[1] - t * dy];
      const far = ex * ex + ey * ey;
      const wide = start + (end - start) * t;
      if (far < wide * wide) most = Math.max(most, 1 - Math.sqrt(far) / wide);
    }
    return most > 0 ? smoothstep(0, 0.6, most) : 0;
  };
}

function range(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

/** A slightly bent stroke through `at`. */
export function arc([cx, cy]: Point, length: number, random: Random): Point[] {
  const [ux, uy] = random.direction();
  const bend = random.between(-0.25, 0.25) * length;
  return Array.from({ length: 13 }, (_, i) => {
    const t = i / 6 - 1;
    const off = bend * (0.5 - t * t);
    return [cx + (ux * t * length) / 2 - uy * off, cy + (uy * t * length) / 2 + ux * off] as const;
  });
}

/** A crack that wanders from `at` in two directions and may fork. */
export function branches(at: Point, random: Random): Point[][] {
  const direction = random.direction();
  const paths = [walk(at, direction, 9 + random.below(7), random)];
  paths.push(walk(at, [-direction[0], -direction[1]], 6 + random.below(7), random));
  const forks = random.below(3);
  for (let i = 0; i < forks; i++) {
    const trunk = paths[i % 2]!;
    const [c, s] = turn(random.below(2) === 0 ? 0.35 : -0.35);
    const [x, y] = i % 2 === 0 ? direction : [-direction[0], -direction[1]];
    paths.push(
      walk(
        trunk[2 + random.below(trunk.length - 3)]!,
        [c * x - s * y, s * x + c * y],
        4 + random.below(5),
        random,
      ),
    );
  }
  return paths;
}

function walk(from: Point, direction: Point, steps: number, random: Random): Point[] {
  const path: Point[] = [from];
  let [ux, uy] = direction;
  for (let i = 0; i < steps; i++) {
    const [c, s] = turn(random.between(-0.28, 0.28));
    // The heading strays step by step, yet is drawn back to where the crack was going.
    const [x, y] = [c * ux - s * uy + 0.4 * direction[0], s * ux + c * uy + 0.4 * direction[1]];
    const norm = Math.sqrt(x * x + y * y);
    [ux, uy] = [x / norm, y / norm];
    const step = random.between(3, 6.5);
    const [px, py] = path.at(-1)!;
    path.push([px + ux * step, py + uy * step]);
  }
  return path;
}
