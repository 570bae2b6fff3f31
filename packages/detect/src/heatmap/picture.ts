import type { Colour } from "./colormap.js";

/** 8-bit RGB pixels, rows from the top, interleaved. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** 8-bit RGBA pixels, rows from the top, interleaved. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A rectangle in pixels; edges need not be whole. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Refuses an image whose bytes are not 3 a pixel. */
export function checkImage({ width, height, data }: RgbImage): void {
  if (data.length !== width * height * 3 || data.length === 0) {
    throw new RangeError(
      `heatmap: ${data.length} bytes for ${width} x ${height} pixels; give RGB, 3 bytes a pixel`,
    );
  }
}

/** A canvas of one colour, opaque. */
export function canvas(width: number, height: number, colour: Colour): RgbaImage {
  const picture = { width, height, data: new Uint8Array(width * height * 4) };
  fill(picture, { x: 0, y: 0, width, height }, colour);
  return picture;
}

/** Mixes a colour into one pixel; pixels outside the picture are left out. */
export function blend(picture: RgbaImage, x: number, y: number, colour: Colour, opacity: number): void {
  if (x < 0 || y < 0 || x >= picture.width || y >= picture.height || opacity <= 0) return;
  const at = (y * picture.width + x) * 4;
  const { data } = picture;
  for (let c = 0; c < 3; c++) data[at + c] = Math.round(data[at + c] * (1 - opacity) + colour[c] * opacity);
  data[at + 3] = 255;
}

/** Fills a rectangle, its edges rounded to whole pixels. */
export function fill(picture: RgbaImage, box: Box, colour: Colour, opacity = 1): void {
  const right = Math.round(box.x + box.width);
  const bottom = Math.round(box.y + box.height);
  for (let y = Math.round(box.y); y < bottom; y++) {
    for (let x = Math.round(box.x); x < right; x++) blend(picture, x, y, colour, opacity);
  }
}

/** Copies an RGB image onto the picture with its upper left corner at (x, y). */
export function paste(picture: RgbaImage, image: RgbImage, x: number, y: number): void {
  for (let row = 0; row < image.height; row++) {
    let from = row * image.width * 3;
    let to = ((y + row) * picture.width + x) * 4;
    for (let column = 0; column < image.width; column++, from += 3, to += 4) {
      for (let c = 0; c < 3; c++) picture.data[to + c] = image.data[from + c];
    }
  }
}

/** Draws a frame of `thickness` pixels around the outside of a rectangle. */
export function frame(picture: RgbaImage, box: Box, colour: Colour, thickness: number): void {
  const { x, y, width, height } = roundBox(box);
  const t = thickness;
  fill(picture, { x: x - t, y: y - t, width: width + 2 * t, height: t }, colour);
  fill(picture, { x: x - t, y: y + height, width: width + 2 * t, height: t }, colour);
  fill(picture, { x: x - t, y, width: t, height }, colour);
  fill(picture, { x: x + width, y, width: t, height }, colour);
}

/** The box with its edges, not its size, rounded to whole pixels: neighbours stay neighbours. */
export function roundBox({ x, y, width, height }: Box): Box {
  const [left, top] = [Math.round(x), Math.round(y)];
  return { x: left, y: top, width: Math.round(x + width) - left, height: Math.round(y + height) - top };
}
