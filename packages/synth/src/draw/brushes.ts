import { type Canvas, eachPixel, type Rgb, type Window } from "./canvas.js";
import { smoothstep } from "./maths.js";
import type { Field } from "./strokes.js";

/** Changes pixel p at (x, y), where a mark has the strength `near` and the product covers the share `on`. */
export type Brush<R = void> = (p: number, near: number, on: number, x: number, y: number) => R;

/** A mark on the surface: where it is, and what it does to pixels there. */
export interface Mark<R = void> {
  readonly field: Field;
  readonly brush: Brush<R>;
}

/** Draws a mark on the product's pixels of a window, and calls `visit` with what the brush returned. */
export function drawMark<R>(
  canvas: Canvas,
  window: Window,
  { field, brush }: Mark<R>,
  visit?: (p: number, result: R) => void,
): void {
  eachPixel(canvas, window, (p, x, y) => {
    const on = canvas.cover[p];
    const near = on > 0 ? field(x, y) : 0;
    if (near === 0) return;
    const result = brush(p, near, on, x, y);
    visit?.(p, result);
  });
}

/** Lowers the surface and shows a share of another colour; a negative depth raises it. The brush returns its touch. */
export function engraver(
  canvas: Canvas,
  depth: number,
  colour: Rgb,
  share: number,
): (p: number, touch: number) => number {
  return (p, touch) => {
    canvas.height[p] -= depth * touch;
    canvas.tint(p, colour, Math.min(1, share * touch));
    return touch;
  };
}

interface Drill {
  readonly strength: number;
  readonly depth: number;
  /** How far into the mark the edge reaches. */
  readonly edge: number;
  /** The colours of the wall and of the bottom, and the share of the latter. */
  readonly inside: Rgb;
  readonly bottom: Rgb;
  readonly share: number;
}

/** Drills a hole. The brush returns its touch. */
export function driller(
  canvas: Canvas,
  { strength, depth, edge, inside, bottom, share }: Drill,
): Brush<number> {
  return (p, near, on) => {
    const touch = smoothstep(0, edge, near) * on;
    const deep = smoothstep(0.1, 0.4, near) * on;
    canvas.height[p] -= strength * (1.5 * touch + depth * deep);
    canvas.tint(p, inside, 0.5 * touch);
    canvas.tint(p, bottom, share * deep);
    canvas.gloss[p] *= 1 - touch;
    return touch;
  };
}

/** The darkness at the bottom of a hole. */
export const DARK: Rgb = [0.045, 0.04, 0.04];

/** The share of dye that a drying liquid leaves: most of it at the rim. */
export function drying(near: number, body: number): number {
  return body * (1 - smoothstep(0.08, 0.4, near));
}
