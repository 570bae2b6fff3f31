import type { Rgb } from "./canvas.js";
import { bump, clamp, halfTurn, norm, type Point, smoothstep, turned } from "./maths.js";
import { fractal } from "./noise.js";
import type { Random } from "./random.js";

/** The strength of a mark at a place of the layout, from 0 to 1; exactly 0 outside it. */
export type Field = (x: number, y: number) => number;

/** Tints of coffee, oil, ink and rust. */
export const STAINS: readonly Rgb[] = [
  [0.62, 0.42, 0.22],
  [0.5, 0.48, 0.4],
  [0.25, 0.3, 0.5],
  [0.75, 0.38, 0.15],
];

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
    const far = norm(along, across) / radius;
    return clamp(1 - far * (1 + ragged * 1.6 * fractal(seed, (x / radius) * 1.1, (y / radius) * 1.1, 3)));
  };
}

/** A smooth bump on an oval: 1 in the middle, 0 from its edge on; `length` along the direction and `width` across it. */
export function oval([cx, cy]: Point, [ux, uy]: Point, length: number, width: number): Field {
  return (x, y) => {
    const [dx, dy] = [x - cx, y - cy];
    return bump(norm((dx * ux + dy * uy) / length, (dy * ux - dx * uy) / width));
  };
}

/** The strongest of several marks. */
export function strongest(fields: readonly Field[]): Field {
  return (x, y) => fields.reduce((most, field) => Math.max(most, field(x, y)), 0);
}

/** 1 on the middle of the lines, 0 from `radius` on, each line thinning towards its ends. */
export function lines(paths: readonly (readonly Point[])[], radius: number): Field {
  const pieces = paths.flatMap((path) =>
    path.slice(1).map((to, i) => {
      const taper = (t: number) => 0.45 + 0.55 * bump(2 * (t / (path.length - 1)) - 1);
      return { from: path[i], to, start: radius * taper(i), end: radius * taper(i + 1) };
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
    const trunk = paths[i % 2];
    const fork = halfTurn(random.below(2) === 0 ? 0.35 : -0.35);
    const [x, y] = i % 2 === 0 ? direction : [-direction[0], -direction[1]];
    const from = trunk[2 + random.below(trunk.length - 3)];
    paths.push(walk(from, turned(fork, x, y), 4 + random.below(5), random));
  }
  return paths;
}

function walk(from: Point, direction: Point, steps: number, random: Random): Point[] {
  const path: Point[] = [from];
  let [ux, uy] = direction;
  for (let i = 0; i < steps; i++) {
    // The heading changes at each step and is drawn back to the crack's direction.
    const [sx, sy] = turned(halfTurn(random.between(-0.28, 0.28)), ux, uy);
    const [x, y] = [sx + 0.4 * direction[0], sy + 0.4 * direction[1]];
    const length = norm(x, y);
    [ux, uy] = [x / length, y / length];
    const step = random.between(3, 6.5);
    const [px, py] = path.at(-1)!;
    path.push([px + ux * step, py + uy * step]);
  }
  return path;
}
