import { type DefectKind, kinds } from "../defects.js";
import {
  boxAround,
  type Canvas,
  eachPixel,
  inPicture,
  type Pose,
  type Rgb,
  SIDE,
  windowOf,
} from "../draw/canvas.js";
import { anyColour, type Colour, contrasting, shade } from "../draw/colours.js";
import { type Point, smoothstep } from "../draw/maths.js";
import { cloud, grain } from "../draw/noise.js";
import { chance, hash, Random } from "../draw/random.js";
import { minus, type Shape } from "../draw/shapes.js";
import type { Design, Family } from "../family.js";
import { cutOf, flawed } from "./flawed.js";

/** A colour, or a shade of the object's base colour: 1 is the colour itself, less is darker. */
export type Tint = Rgb | number;

/** The surface of a part. */
export interface Finish {
  /** Default 1. */
  readonly colour?: Tint;
  /** Height above the ground, in layout units. */
  readonly height?: number;
  /** The width of the rounded edge. */
  readonly bevel?: number;
  readonly gloss?: number;
  /** Strength of unevenness in tone, and its wavelengths along x and y. */
  readonly mottle?: readonly [strength: number, x: number, y: number];
  /** The height of the mottle's bumps, in layout units. */
  readonly bumps?: number;
  /** A tone for each place, multiplied with the colour. */
  readonly tone?: (x: number, y: number) => number;
}

/** A piece of an object, painted over the parts before it. Object units are layout units; objects are about 90 in radius. */
export interface Part extends Finish {
  readonly shape: Shape;
  /** The point at which it is fixed, about which it bends. Only parts with a root may be missing or bent. */
  readonly root?: Point;
  /** Whether it is printed: without height, and possibly misprinted. */
  readonly print?: boolean;
}

export const part = (shape: Shape, finish: Finish, root?: Point): Part => ({ ...finish, shape, root });

export const print = (shape: Shape, colour: Tint, finish: Finish = {}, root?: Point): Part => ({
  ...{ ...finish, shape, colour, root },
  print: true,
});

export const shapesOf = (parts: readonly Part[]): Shape[] => parts.map(({ shape }) => shape);

/** Makes a value for each of the numbers 0 to n - 1. */
export const times = <T>(n: number, make: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));

/** A class of objects. */
export interface Thing {
  /** A noun instead of the family's. */
  readonly noun?: string;
  /** Its main colour, whose word is the first of its adjectives. */
  readonly base: Colour;
  /** More adjectives. */
  readonly adjectives?: readonly string[];
  /** The colour below the surface. Default: light grey. */
  readonly inside?: Tint;
  /** Default `free`. */
  readonly orientation?: Design["orientation"];
  /** The outline of the whole, for shadows and for places of defects. Default: that of the first part. */
  readonly outline?: Shape;
  /** The parts in the order of painting, false for one that is absent. A function draws those of a sample. */
  readonly parts: Parts | ((random: Random) => Parts);
}

type Parts = readonly (Part | false)[];

interface ObjectFamily extends Omit<Family, "name" | "kind" | "design"> {
  thing(random: Random): Thing;
}

/** Makes a family of objects that lie before a ground. */
export function object(name: string, { thing, ...family }: ObjectFamily): Family {
  return { ...family, name, kind: "object", design: (random) => designOf(thing(random), random) };
}

function designOf(thing: Thing, random: Random): Design {
  const { noun, base, adjectives = [], inside = [0.7, 0.7, 0.7], orientation = "free" } = thing;
  const tint = (of: Tint = 1): Rgb => (typeof of === "number" ? shade(base.rgb, of) : of);
  const partsOf = (samples: Random): readonly Part[] =>
    (typeof thing.parts === "function" ? thing.parts(samples) : thing.parts).filter((each) => each !== false);
  const usual = partsOf(new Random(0));
  const { outline = usual[0].shape } = thing;
  const largest = usual.reduce((most, each) => (each.shape.radius > most.shape.radius ? each : most));
  const ground = groundOf(random, tint(largest.colour));
  const shadow = random.between(0.1, 0.6);
  return {
    noun,
    adjectives: [base.word, ...adjectives],
    inside: tint(inside),
    orientation,
    outline: outline.distance,
    paint(canvas, pose, samples, flaw) {
      const parts = flawed(partsOf(samples), flaw);
      paintGround(canvas, ground, samples);
      const shift = [samples.between(2, 7), samples.between(2, 7)] as const;
      paintShadow(canvas, pose, flaw?.kind === "chip" ? minus(outline, cutOf(flaw)) : outline, shift, shadow);
      for (const [i, each] of parts.entries()) stamp(canvas, pose, each, tint(each.colour), hash(i, 5, 5));
    },
  };
}

interface Ground {
  readonly colour: Rgb;
  readonly kind: "plain" | "cloudy" | "rough" | "lines";
  readonly strength: number;
  readonly seed: number;
}

function groundOf(random: Random, before: Rgb): Ground {
  const words = chance(random, 0.6) ? ["white", "black", "grey", "light grey", "dark grey"] : undefined;
  return {
    // Most objects are photographed on a contrasting ground.
    colour: chance(random, 0.8) ? contrasting(random, before, words).rgb : anyColour(random, words).rgb,
    kind: (["plain", "cloudy", "rough", "lines"] as const)[random.below(4)],
    strength: random.between(0.05, 0.25),
    seed: random.below(2 ** 30),
  };
}

function paintGround(canvas: Canvas, ground: Ground, random: Random): void {
  const [ox, oy] = [random.between(0, 900), random.between(0, 900)];
  const [fine, soft] = [grain(ground.seed), cloud(ground.seed)];
  // Two rotated lattices, so that neither shows.
  const rough = (x: number, y: number) =>
    0.6 * fine(0.13 * x + 0.1 * y, 0.13 * y - 0.1 * x) + 0.5 * fine(0.2 * x - 0.3 * y, 0.3 * x + 0.2 * y);
  const { colour } = ground;
  eachPixel(canvas, canvas.window, (p, px, py) => {
    const [x, y] = [px + ox, py + oy];
    let f = 0;
    if (ground.kind === "cloudy") f = soft(x * 0.01, y * 0.01);
    else if (ground.kind === "rough") f = rough(x, y);
    else if (ground.kind === "lines") f = fine(x * 0.01, y * 0.12);
    canvas.set(p, 0.6 * f, colour, 1 + ground.strength * f, 0);
    canvas.cover[p] = 0;
  });
}

/** Calls `visit` for the pixels around a shape, with the distance to it in layout units. */
function around(
  canvas: Canvas,
  pose: Pose,
  shape: Shape,
  margin: number,
  shift: readonly [number, number],
  visit: (p: number, distance: number, x: number, y: number) => void,
): void {
  const { size, unit } = canvas;
  const { c, s, zoom, x: x0, y: y0 } = pose;
  const [cx, cy] = inPicture(pose, shape.x, shape.y);
  const r = shape.radius / zoom + margin;
  const at = boxAround([cx + shift[0], cy + shift[1]], r);
  const { left, top, right, bottom } = windowOf(at, unit, canvas.window);
  const { distance } = shape;
  const across = BLOCK * unit;
  // The margin is larger than needed for exact distances, since those of bent and ragged shapes change faster.
  const nothing = zoom * (1.8 * across + margin);
  for (let blockTop = top; blockTop < bottom; blockTop += BLOCK) {
    const blockBottom = Math.min(bottom, blockTop + BLOCK);
    const middleY = blockTop * unit + across / 2 - SIDE / 2 - shift[1];
    for (let blockLeft = left; blockLeft < right; blockLeft += BLOCK) {
      const middleX = blockLeft * unit + across / 2 - SIDE / 2 - shift[0];
      const middle = distance(
        zoom * (c * middleX - s * middleY) + x0,
        zoom * (s * middleX + c * middleY) + y0,
      );
      if (middle > nothing) continue;
      const blockRight = Math.min(right, blockLeft + BLOCK);
      for (let row = blockTop; row < blockBottom; row++) {
        const dy = (row + 0.5) * unit - SIDE / 2 - shift[1];
        for (let column = blockLeft, p = row * size + column; column < blockRight; column++, p++) {
          const dx = (column + 0.5) * unit - SIDE / 2 - shift[0];
          const x = zoom * (c * dx - s * dy) + x0;
          const y = zoom * (s * dx + c * dy) + y0;
          visit(p, distance(x, y) / zoom, x, y);
        }
      }
    }
  }
}

/** The side, in pixels, of blocks that are skipped far from a shape. */
const BLOCK = 4;

function paintShadow(
  canvas: Canvas,
  pose: Pose,
  outline: Shape,
  shift: readonly [number, number],
  strength: number,
): void {
  around(canvas, pose, outline, 8, shift, (p, d) => {
    if (d >= 7) return;
    const k = 1 - strength * smoothstep(7, -5, d);
    canvas.scale(p, k);
  });
}

function stamp(canvas: Canvas, pose: Pose, part: Part, [r, g, b]: Rgb, seed: number): void {
  const { unit, height, red, green, blue, gloss, cover } = canvas;
  const { shape, height: rise = 1, bevel = 0, gloss: shine = 0, mottle, bumps = 0, tone, print } = part;
  const noise = mottle && grain(seed);
  const [strength, wx, wy] = mottle ?? [0, 1, 1];
  around(canvas, pose, shape, unit, [0, 0], (p, d, x, y) => {
    const depth = 0.5 - d / unit;
    if (depth <= 0) return;
    const share = Math.min(depth, 1);
    const f = noise ? noise(x / wx, y / wy) : 0;
    const light = (1 + strength * f) * (tone ? tone(x, y) : 1);
    red[p] += (r * light - red[p]) * share;
    green[p] += (g * light - green[p]) * share;
    blue[p] += (b * light - blue[p]) * share;
    gloss[p] += (shine - gloss[p]) * share;
    if (print) return;
    if (cover[p] < share) cover[p] = share;
    let up = rise;
    if (bevel > 0) {
      const t = d < -bevel ? 0 : 1 + Math.min(d, 0) / bevel;
      up *= Math.sqrt(1 - t * t * 0.98);
    }
    height[p] += (up + bumps * f - height[p]) * share;
  });
}

/** Defects that most solid objects may have. */
export const SOLID: readonly DefectKind[] = kinds("scratch chip crack stain contamination discolouration");
