import type { Point } from "./maths.js";

/** Layouts are drawn on a square of this side, whatever the number of pixels. */
export const SIDE = 240;

/** Red, green, blue in [0, 1]. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * The surface in front of the camera: a plane for each of its properties, a value a pixel. Painters change only the pixels of
 * the window, so that a part can be painted again.
 */
export class Canvas {
  /** Pixels a side. */
  readonly size: number;
  /** Layout units a pixel. */
  readonly unit: number;
  /** Height towards the camera, in layout units. */
  readonly height: Float32Array;
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
  /** Brightness that a highlight adds. */
  readonly gloss: Float32Array;
  /** The share of the pixel that the product covers: 1 on it, 0 beside it. */
  readonly cover: Float32Array;
  window: Window;

  constructor(size: number) {
    const plane = () => new Float32Array(size * size);
    this.size = size;
    this.unit = SIDE / size;
    this.height = plane();
    this.red = plane();
    this.green = plane();
    this.blue = plane();
    this.gloss = plane();
    this.cover = plane();
    this.window = whole(size);
  }

  get planes(): readonly Float32Array[] {
    return [this.height, this.red, this.green, this.blue, this.gloss, this.cover];
  }

  copyFrom(other: Canvas): void {
    for (const [i, plane] of this.planes.entries()) plane.set(other.planes[i]);
  }

  /** Paints pixel p. */
  paint(p: number, height: number, red: number, green: number, blue: number, gloss: number): void {
    this.height[p] = height;
    this.red[p] = red;
    this.green[p] = green;
    this.blue[p] = blue;
    this.gloss[p] = gloss;
    this.cover[p] = 1;
  }

  /** Paints pixel p in a colour times a tone. */
  set(p: number, height: number, colour: Rgb, tone: number, gloss: number): void {
    this.paint(p, height, colour[0] * tone, colour[1] * tone, colour[2] * tone, gloss);
  }

  /** Paints pixel p in a colour between two, times a tone. */
  blend(p: number, height: number, from: Rgb, to: Rgb, share: number, tone: number, gloss: number): void {
    const red = (from[0] + (to[0] - from[0]) * share) * tone;
    const green = (from[1] + (to[1] - from[1]) * share) * tone;
    const blue = (from[2] + (to[2] - from[2]) * share) * tone;
    this.paint(p, height, red, green, blue, gloss);
  }

  /** Mixes a colour into pixel p. */
  tint(p: number, colour: Rgb, share: number): void {
    this.red[p] += (colour[0] - this.red[p]) * share;
    this.green[p] += (colour[1] - this.green[p]) * share;
    this.blue[p] += (colour[2] - this.blue[p]) * share;
  }

  /** Filters the light of pixel p through a share of a colour. */
  stain(p: number, [red, green, blue]: Rgb, share: number): void {
    this.red[p] *= 1 - share * (1 - red);
    this.green[p] *= 1 - share * (1 - green);
    this.blue[p] *= 1 - share * (1 - blue);
  }

  /** Multiplies the brightness of pixel p. */
  scale(p: number, by: number): void {
    this.red[p] *= by;
    this.green[p] *= by;
    this.blue[p] *= by;
  }
}

/** A rectangle, in layout units or in pixels: right and bottom exclusive. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function whole(size: number): Window {
  return { left: 0, top: 0, right: size, bottom: size };
}

/** Calls `visit` for each pixel of a window, with the layout position of its centre. */
export function eachPixel(
  { size, unit }: Canvas,
  window: Window,
  visit: (p: number, x: number, y: number) => void,
): void {
  for (let row = window.top; row < window.bottom; row++) {
    const y = (row + 0.5) * unit;
    for (let column = window.left, p = row * size + column; column < window.right; column++, p++) {
      visit(p, (column + 0.5) * unit, y);
    }
  }
}

/** Marks pixel (x, y) of a mask and those up to `margin` pixels from it, within a window. */
export function mark(
  mask: Uint8Array,
  size: number,
  x: number,
  y: number,
  margin: number,
  { left, top, right, bottom }: Window,
): void {
  const [from, to] = [Math.max(left, x - margin), Math.min(right, x + margin + 1)];
  for (let row = Math.max(top, y - margin); row < Math.min(bottom, y + margin + 1); row++) {
    mask.fill(255, row * size + from, row * size + to);
  }
}

/** The pixels that a box in layout units touches, at most those of `within`. */
export function windowOf(box: Window, unit: number, within: Window): Window {
  return {
    left: Math.max(within.left, Math.floor(box.left / unit)),
    top: Math.max(within.top, Math.floor(box.top / unit)),
    right: Math.min(within.right, Math.ceil(box.right / unit)),
    bottom: Math.min(within.bottom, Math.ceil(box.bottom / unit)),
  };
}

/** The square with this middle and half side. */
export function boxAround([x, y]: Point, reach: number): Window {
  return { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach };
}

/** The pose of a piece under the camera: a rotation, a zoom and a shift from the picture to the piece's own coordinates. */
export interface Pose {
  /** Cosine and sine of the rotation. */
  readonly c: number;
  readonly s: number;
  /** Piece units a layout unit. */
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

/** The place of the piece that a place of the picture shows. */
export function onPiece({ c, s, zoom, x, y }: Pose, px: number, py: number): Point {
  const [dx, dy] = [px - SIDE / 2, py - SIDE / 2];
  return [zoom * (c * dx - s * dy) + x, zoom * (s * dx + c * dy) + y];
}

/** The place of the picture that shows a place of the piece. */
export function inPicture({ c, s, zoom, x, y }: Pose, u: number, v: number): Point {
  const [du, dv] = [(u - x) / zoom, (v - y) / zoom];
  return [c * du + s * dv + SIDE / 2, c * dv - s * du + SIDE / 2];
}
