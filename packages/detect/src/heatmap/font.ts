import type { Canvas } from "./canvas.js";
import type { Colour } from "./colormap.js";
import { GLYPHS } from "./glyphs.js";

/** Height of capitals and digits on the grid, and the gap between glyphs. */
const CAP = 6;
const GAP = 1.9;
const SPACE = 2;

interface Glyph {
  readonly advance: number;
  /** Straight pieces as x0, y0, x1, y1, ... on the grid. */
  readonly segments: readonly number[];
}

const glyphs = new Map<string, Glyph>();

/** The strokes of a character; `?` for those the font lacks. */
function glyphOf(character: string): Glyph {
  const key = character in GLYPHS ? character : "?";
  const known = glyphs.get(key);
  if (known) return known;
  const segments: number[] = [];
  let right = key === " " ? SPACE : 0;
  for (const stroke of GLYPHS[key].split(" ").filter(Boolean)) {
    const points = [...stroke.matchAll(/(\d)(\d)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
    for (const [x] of points) right = Math.max(right, x);
    const line = stroke[0] === "~" ? smooth(points) : stroke[0] === "o" ? smooth(closed(points)) : points;
    line.forEach((to, i) => {
      segments.push(...(line[i - 1] ?? to), ...to);
    });
  }
  const glyph = { advance: right + GAP, segments };
  glyphs.set(key, glyph);
  return glyph;
}

type Point = readonly [x: number, y: number];

function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** A closed polygon as an open one that starts and ends in the middle of its first side. */
function closed(points: readonly Point[]): Point[] {
  const start = middle(points[0], points[1]);
  return [start, ...points.slice(1), points[0], start];
}

/** The quadratic B-spline that starts and ends at the outer points and bends towards the inner ones. */
function smooth(points: readonly Point[]): Point[] {
  const line: Point[] = [points[0]];
  for (let i = 1; i < points.length - 1; i++) {
    const from = line.at(-1)!;
    const bend = points[i];
    const to = i === points.length - 2 ? points[i + 1] : middle(bend, points[i + 1]);
    for (let s = 1; s <= 6; s++) {
      const t = s / 6;
      const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t * t];
      line.push([a * from[0] + b * bend[0] + c * to[0], a * from[1] + b * bend[1] + c * to[1]]);
    }
  }
  return line;
}

/** The width in pixels of a line of text whose capitals are `size` pixels high. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += glyphOf(character).advance;
  return Math.max(0, width - GAP) * (size / CAP);
}

/** Text shortened in the middle with "..." so that it is at most `width` pixels wide; file names differ at both ends. */
export function fitText(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  for (let kept = text.length - 1; kept > 0; kept--) {
    const head = Math.ceil(kept / 2);
    const short = `${text.slice(0, head)}...${text.slice(text.length - (kept - head))}`;
    if (textWidth(short, size) <= width) return short;
  }
  return "";
}

/** Draws a line of text: (x, y) is the upper left corner of its capitals, `size` their height in pixels. */
export function drawText(
  picture: Canvas,
  text: string,
  x: number,
  y: number,
  size: number,
  colour: Colour,
  weight = 1,
): void {
  const scale = size / CAP;
  const radius = Math.max(0.55, 0.062 * size) * weight;
  let left = x;
  for (const character of text) {
    const { advance, segments } = glyphOf(character);
    drawGlyph(picture, segments, left, y, scale, radius, colour);
    left += advance * scale;
  }
}

/** Covers each pixel by how near its centre is to the strokes: round pens with smooth edges. */
function drawGlyph(
  picture: Canvas,
  segments: readonly number[],
  x: number,
  y: number,
  scale: number,
  radius: number,
  colour: Colour,
): void {
  const reach = Math.ceil(radius + 1);
  const bottom = Math.ceil(y + 8 * scale) + reach;
  const right = Math.ceil(x + 6 * scale) + reach;
  for (let py = Math.floor(y) - reach; py <= bottom; py++) {
    for (let px = Math.floor(x) - reach; px <= right; px++) {
      const distance = distanceTo(segments, (px + 0.5 - x) / scale, (py + 0.5 - y) / scale) * scale;
      picture.blend(px, py, colour, Math.min(1, Math.max(0, radius + 0.5 - distance)));
    }
  }
}

/** Distance of a point on the grid to the nearest of the strokes. */
function distanceTo(segments: readonly number[], x: number, y: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < segments.length; i += 4) {
    const [ax, ay] = [segments[i], segments[i + 1]];
    const [dx, dy] = [segments[i + 2] - ax, segments[i + 3] - ay];
    const length = dx * dx + dy * dy;
    const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
    best = Math.min(best, (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2);
  }
  return Math.sqrt(best);
}
