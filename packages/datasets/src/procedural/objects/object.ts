import type { DefectKind } from "../defects.js";
import { type Canvas, inPicture, type Pose, type Rgb, windowOf } from "../draw/canvas.js";
import { anyColour, shade } from "../draw/colours.js";
import { chance } from "../draw/pick.js";
import { circle, ellipse, minus, moved, type Shape, unitAt } from "../draw/shapes.js";
import { cloud, grain } from "../draw/tables.js";
import type { Design, Family, StructureFlaw } from "../family.js";
import { hash, type Random, smoothstep } from "../noise.js";

/** How the face of a part looks. */
export interface Finish {
  readonly colour: Rgb;
  /** Layout units above the ground, or what the part lies on. */
  readonly height?: number;
  /** How far in the edge is rounded. */
  readonly bevel?: number;
  readonly gloss?: number;
  /** Strength of unevenness in tone, and its wavelengths along x and y. */
  readonly mottle?: readonly [strength: number, x: number, y: number];
  /** Bumps, in layout units, of the mottle. */
  readonly bumps?: number;
  /** A tone for each place, multiplied with the colour. */
  readonly tone?: (x: number, y: number) => number;
}

/** A piece of an object, painted over the parts before it. Object units are layout units; objects are about 90 in radius. */
export interface Part extends Finish {
  readonly shape: Shape;
  /** Where it is fixed: around here it bends. Parts with a place may be missing or bent. */
  readonly root?: readonly [number, number];
  /** Printed on: has no height, and may be printed wrongly. */
  readonly print?: boolean;
}

/** A class of objects. */
export interface Thing {
  readonly noun?: string;
  readonly adjectives: readonly string[];
  readonly inside?: Rgb;
  readonly lie?: Design["lie"];
  readonly grey?: boolean;
  /** The whole, for shadows and for where defects may lie. */
  readonly outline: Shape;
  /** Parts in the order they are painted, for a sample; `random` is what varies from sample to sample. */
  parts(random: Random): readonly Part[];
}

export interface ObjectFamily extends Omit<Family, "kind" | "design"> {
  thing(random: Random): Thing;
}

/** Makes a family of objects that lie before a ground. */
export function object(family: ObjectFamily): Family {
  return {
    ...family,
    kind: "object",
    design(random) {
      const thing = family.thing(random);
      const ground = groundOf(random);
      const shadow = random.between(0.1, 0.6);
      return {
        noun: thing.noun,
        adjectives: thing.adjectives,
        inside: thing.inside ?? [0.7, 0.7, 0.7],
        lie: thing.lie ?? "tilt",
        grey: thing.grey ?? false,
        outline: thing.outline.distance,
        paint(canvas, pose, samples, flaw) {
          const parts = flawed(thing.parts(samples), thing.outline, flaw);
          paintGround(canvas, pose, ground, samples);
          const [sx, sy] = [samples.between(2, 7), samples.between(2, 7)];
          const cast = flaw?.kind === "chip" ? minus(thing.outline, cutOf(flaw)) : thing.outline;
          paintShadow(canvas, pose, cast, [sx, sy], shadow);
          for (const [i, part] of parts.entries()) stamp(canvas, pose, part, hash(i, 5, 5));
        },
      } as Design;
    },
  };
}

interface Ground {
  readonly colour: Rgb;
  readonly kind: "plain" | "cloudy" | "rough" | "lines";
  readonly strength: number;
  readonly seed: number;
}

function groundOf(random: Random): Ground {
  const words = chance(random, 0.6) ? ["white", "black", "grey", "light grey", "dark grey"] : undefined;
  return {
    colour: anyColour(random, words).rgb,
    kind: (["plain", "cloudy", "rough", "lines"] as const)[random.below(4)]!,
    strength: random.between(0.05, 0.25),
    seed: random.below(2 ** 30),
  };
}

function paintGround(canvas: Canvas, pose: Pose, ground: Ground, random: Random): void {
  const { size, unit, window } = canvas;
  const [ox, oy] = [random.between(0, 900), random.between(0, 900)];
  const [fine, soft] = [grain(ground.seed), cloud(ground.seed)];
  const [r, g, b] = ground.colour;
  for (let row = window.top; row < window.bottom; row++) {
    const y = (row + 0.5) * unit + oy;
    for (let column = window.left, p = row * size + column; column < window.right; column++, p++) {
      const x = (column + 0.5) * unit + ox;
      let f = 0;
      if (ground.kind === "cloudy") f = soft(x * 0.01, y * 0.01);
      else if (ground.kind === "rough") f = fine(x * 0.16, y * 0.16);
      else if (ground.kind === "lines") f = fine(x * 0.01, y * 0.12);
      const light = 1 + ground.strength * f;
      canvas.set(p, 0.6 * f, r * light, g * light, b * light, 0);
      canvas.cover[p] = 0;
    }
  }
  void pose;
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
  const at = {
    left: cx + shift[0] - r,
    right: cx + shift[0] + r,
    top: cy + shift[1] - r,
    bottom: cy + shift[1] + r,
  };
  const { left, top, right, bottom } = windowOf(at, unit, canvas.window);
  const { distance } = shape;
  for (let row = top; row < bottom; row++) {
    const dy = (row + 0.5) * unit - 120 - shift[1];
    for (let column = left, p = row * size + left; column < right; column++, p++) {
      const dx = (column + 0.5) * unit - 120 - shift[0];
      const x = zoom * (c * dx - s * dy) + x0;
      const y = zoom * (s * dx + c * dy) + y0;
      visit(p, distance(x, y) / zoom, x, y);
    }
  }
}

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
    canvas.dye(p, k, k, k);
  });
}

function stamp(canvas: Canvas, pose: Pose, part: Part, seed: number): void {
  const { unit, height, red, green, blue, gloss, cover } = canvas;
  const { colour, height: rise = 0, bevel = 0, gloss: shine = 0, mottle, bumps = 0, tone, print } = part;
  const noise = mottle && grain(seed);
  const [strength, wx, wy] = mottle ?? [0, 1, 1];
  const [r, g, b] = colour;
  around(canvas, pose, part.shape, unit, [0, 0], (p, d, x, y) => {
    const depth = 0.5 - d / unit;
    if (depth <= 0) return;
    const share = depth < 1 ? depth : 1;
    const f = noise ? noise(x / wx, y / wy) : 0;
    const light = (1 + strength * f) * (tone ? tone(x, y) : 1);
    red[p]! += (r * light - red[p]!) * share;
    green[p]! += (g * light - green[p]!) * share;
    blue[p]! += (b * light - blue[p]!) * share;
    gloss[p]! += (shine - gloss[p]!) * share;
    if (print) return;
    let up = rise;
    if (bevel > 0) {
      const t = d < -bevel ? 0 : 1 + (d > 0 ? 0 : d) / bevel;
      up *= Math.sqrt(1 - t * t * 0.98);
    }
    height[p]! += (up + bumps * f - (rise === 0 ? -height[p]! : height[p]!)) * share;
    if (cover[p]! < share) cover[p] = share;
  });
}

/** The parts with a defect of their structure. */
function flawed(parts: readonly Part[], outline: Shape, flaw: StructureFlaw | null): readonly Part[] {
  if (!flaw) return parts;
  const { random } = flaw;
  const loose = parts.filter(({ root }) => root);
  const chosen = loose[random.below(loose.length)];
  switch (flaw.kind) {
    case "missing":
      return parts.filter((part) => part !== chosen);
    case "bent":
      return chosen
        ? parts.map((part) => (part === chosen ? bentPart(part, random) : part))
        : warped(parts, random);
    case "misprint":
      return misprinted(parts, random);
    case "chip":
      return parts.map((part) => ({ ...part, shape: minus(part.shape, cutOf(flaw)) }));
    default:
      return outline ? parts : [];
  }
}

/** What is broken off the edge. */
function cutOf({ at, size }: StructureFlaw): Shape {
  const ragged = grain(Math.floor(Math.abs(at[0] * 7919 + at[1] * 104729)));
  const hole = circle(size, at[0], at[1]);
  return {
    ...hole,
    distance: (x, y) => hole.distance(x, y) + 0.35 * size * ragged(x / size / 0.4, y / size / 0.4),
    radius: hole.radius * 1.4,
  };
}

function bentPart(part: Part, random: Random): Part {
  const [x0, y0] = part.root!;
  const turn = unitAt((chance(random, 0.5) ? 1 : -1) * random.between(0.06, 0.14));
  return { ...part, shape: moved(moved(part.shape, [1, 0], -x0, -y0), turn, x0, y0) };
}

/** A bend of the whole: one end leaves the axis, more and more. */
function warped(parts: readonly Part[], random: Random): readonly Part[] {
  const [c, s] = unitAt(random.below(2) ? 0 : 0.5);
  const start = random.between(-20, 25);
  const strength = random.between(0.006, 0.014) * (chance(random, 0.5) ? 1 : -1);
  return parts.map((part) => ({
    ...part,
    shape: {
      ...part.shape,
      radius: part.shape.radius * 1.25 + 70,
      distance: (x, y) => {
        const along = c * y - s * x;
        const past = along > start ? along - start : 0;
        return part.shape.distance(x + c * strength * past * past, y + s * strength * past * past);
      },
    },
  }));
}

function misprinted(parts: readonly Part[], random: Random): readonly Part[] {
  const way = random.below(3);
  const [dx, dy] = unitAt(random.between(0, 1));
  const far = random.between(7, 16);
  const turn = unitAt((chance(random, 0.5) ? 1 : -1) * random.between(0.03, 0.09));
  const blotch = ellipse(random.between(12, 24), random.between(9, 16), dx * far, dy * far);
  return parts.map((part) => {
    if (!part.print) return part;
    if (way === 0) return { ...part, shape: moved(part.shape, [1, 0], dx * far, dy * far) };
    if (way === 1) return { ...part, shape: moved(part.shape, turn, dx * far * 0.5, dy * far * 0.5) };
    return { ...part, shape: minus(part.shape, blotch) };
  });
}

/** Defects that most solid objects may have. */
export const SOLID: readonly DefectKind[] = [
  "scratch",
  "chip",
  "crack",
  "stain",
  "contamination",
  "discolouration",
];

export const dull = (colour: Rgb) => shade(colour, 0.5);
