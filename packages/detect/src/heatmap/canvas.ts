import type { Box, Picture } from "@inctrl/datasets";
import type { Colour } from "./colormap.js";

export const PAPER: Colour = [255, 255, 255];
export const INK: Colour = [32, 33, 36];
export const FADED: Colour = [105, 108, 115];

/** Refuses an image whose bytes are not 3 a pixel. */
export function checkRgb({ width, height, data }: Picture): void {
  if (data.length !== width * height * 3 || data.length === 0)
    throw refuse(`${data.length} bytes for ${width} x ${height} pixels; give RGB, 3 bytes a pixel`);
}

export const refuse = (why: string): RangeError => new RangeError(`heatmap: ${why}`);

/** An opaque picture to draw on: 8-bit RGBA, rows from the top, white at first. */
export class Canvas implements Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 4).fill(255);
  }

  /** Mixes a colour into one pixel; pixels outside the picture are left out. */
  blend(x: number, y: number, colour: Colour, opacity: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height || opacity <= 0) return;
    const at = (y * this.width + x) * 4;
    const { data } = this;
    for (let c = 0; c < 3; c++) data[at + c] = Math.round(data[at + c] * (1 - opacity) + colour[c] * opacity);
  }

  /** Fills a rectangle, its edges rounded to whole pixels. */
  fill(box: Box, colour: Colour): void {
    const { x: left, y: top, width, height } = roundBox(box);
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) this.blend(x, y, colour, 1);
    }
  }

  /** Copies an RGB image with its upper left corner at (x, y). */
  paste(image: Picture, x: number, y: number): void {
    for (let row = 0; row < image.height; row++) {
      let from = row * image.width * 3;
      let to = ((y + row) * this.width + x) * 4;
      for (let column = 0; column < image.width; column++, from += 3, to += 4) {
        for (let c = 0; c < 3; c++) this.data[to + c] = image.data[from + c];
      }
    }
  }

  /** Draws a frame of `thickness` pixels around the outside of a rectangle. */
  frame(box: Box, colour: Colour, thickness: number): void {
    const { x, y, width, height } = roundBox(box);
    const t = thickness;
    this.fill({ x: x - t, y: y - t, width: width + 2 * t, height: t }, colour);
    this.fill({ x: x - t, y: y + height, width: width + 2 * t, height: t }, colour);
    this.fill({ x: x - t, y, width: t, height }, colour);
    this.fill({ x: x + width, y, width: t, height }, colour);
  }
}

/** The box with its edges, not its size, rounded to whole pixels: neighbours stay neighbours. */
export function roundBox({ x, y, width, height }: Box): Box {
  const [left, top] = [Math.round(x), Math.round(y)];
  return { x: left, y: top, width: Math.round(x + width) - left, height: Math.round(y + height) - top };
}

export const wholeOf = ({ width, height }: Picture): Box => ({ x: 0, y: 0, width, height });
