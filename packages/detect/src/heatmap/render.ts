import type { Box, Picture } from "@inctrl/datasets";
import type { ScoreMap } from "../detector.js";
import { Canvas, checkRgb, INK, PAPER, refuse, roundBox, wholeOf } from "./canvas.js";
import { inferno, type Scale, shareOf } from "./colormap.js";
import { drawText, textWidth } from "./font.js";
import { upsampleMap } from "./resample.js";

export interface HeatmapOptions {
  /** The image that was scored, RGB. */
  readonly image: Picture;
  readonly map: ScoreMap;
  /** The part of the image, in its pixels, that the map covers. Default: all of it. */
  readonly box?: Box;
  /** Values at the ends of the colours; share it between pictures that are to be compared. */
  readonly scale: Scale;
  /** Adds the colour bar with numbers to the right. Default false: the picture has the image's size. */
  readonly legend?: boolean;
}

/**
 * Draws a map over its image: the image in gray, the values above it in the colours of "inferno", interpolated bilinearly between
 * patch centres. What the map does not cover, such as the ends beside a centre crop, stays gray and pale.
 *
 * @throws RangeError when sizes and data do not fit each other, or the box leaves the image
 * @example
 * renderHeatmap({ image, map, scale: { low: 0, high: 0.3 } });
 */
export function renderHeatmap(options: HeatmapOptions): Canvas {
  const colours = colourMap(options);
  const { width, height } = colours;
  const { gap, text, width: room } = legendSize(height);
  const picture = new Canvas(options.legend ? width + gap + room : width, height);
  picture.paste(colours, 0, 0);
  const margin = text / 2 + 2;
  const bar = { x: width + gap, y: margin, width: 0, height: height - 2 * margin };
  if (options.legend) drawLegend(picture, bar, options.scale);
  return picture;
}

/** How strongly the high end of the scale covers the image, 0 to 1; the low end covers half as much. */
const OPACITY = 0.7;

/** The coloured image without legend. */
export function colourMap(options: HeatmapOptions): Picture {
  checkOptions(options);
  const { image, map, scale } = options;
  const { width } = image;
  const box = roundBox(options.box ?? wholeOf(image));
  const values = upsampleMap(map.values, map.columns, map.rows, box.width, box.height);
  const table = Array.from({ length: 256 }, (_, i) => inferno(i / 255));
  const data = new Uint8Array(image.data.length);
  for (let p = 0; p < width * image.height; p++) {
    const gray = luma(image.data, p * 3);
    const [x, y] = [(p % width) - box.x, Math.floor(p / width) - box.y];
    const inside = x >= 0 && y >= 0 && x < box.width && y < box.height;
    const share = inside ? shareOf(values[y * box.width + x], scale) : 0;
    const colour = inside ? table[Math.round(share * 255)] : PAPER;
    const cover = OPACITY * (0.5 + 0.5 * share);
    for (let c = 0; c < 3; c++) data[p * 3 + c] = Math.round(gray * (1 - cover) + colour[c] * cover);
  }
  return { width, height: image.height, data };
}

/** Brightness as television weighs it (ITU-R BT.601). */
function luma(data: Uint8Array, at: number): number {
  return 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
}

/** As long as the texts of `formatValue` for sizes from 1e-9 to 1e9. */
const WIDEST_LABEL = "-0.0e-0";

/** Room for a legend beside a picture of this height, in pixels. */
export function legendSize(height: number): { gap: number; bar: number; text: number; width: number } {
  const text = Math.max(7, Math.min(12, Math.round(height / 28)));
  const bar = Math.round(text * 1.4);
  return { gap: text, bar, text, width: bar + Math.ceil(text * 0.9 + textWidth(WIDEST_LABEL, text)) + 4 };
}

/** Draws the colour bar with numbers at (box.x, box.y), `box.height` high. */
export function drawLegend(picture: Canvas, box: Box, scale: Scale): void {
  const { bar, text } = legendSize(picture.height);
  const { x, y, height } = roundBox(box);
  for (let row = 0; row < height; row++) {
    picture.fill({ x, y: y + row, width: bar, height: 1 }, inferno(1 - (row + 0.5) / height));
  }
  picture.frame({ x, y, width: bar, height }, INK, 1);
  const ticks = height > text * 10 ? 4 : height > text * 5 ? 2 : 1;
  for (let i = 0; i <= ticks; i++) {
    const at = y + Math.round((height - 1) * (1 - i / ticks));
    picture.fill({ x: x + bar, y: at, width: Math.ceil(text / 3), height: 1 }, INK);
    const label = formatValue(scale.low + ((scale.high - scale.low) * i) / ticks);
    drawText(picture, label, x + bar + text * 0.8, at + 0.5 - text / 2, text, INK);
  }
}

/** A number short enough for a label: three decimals near 1, three digits elsewhere. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 1000) ? value.toExponential(1) : value.toFixed(3);
}

function checkOptions({ image, map: { rows, columns, values }, box, scale }: HeatmapOptions): void {
  checkRgb(image);
  const { width, height } = image;
  if (values.length !== rows * columns || values.length === 0)
    throw refuse(`${values.length} values for ${rows} rows and ${columns} columns of patches`);
  if (!(scale.low <= scale.high)) throw refuse(`scale from ${scale.low} to ${scale.high}; give low <= high`);
  if (!box) return;
  if (!(box.x > -1 && box.y > -1 && box.x + box.width < width + 1 && box.y + box.height < height + 1))
    throw refuse(`the box ${JSON.stringify(box)} leaves the image of ${width} x ${height} pixels`);
  if (!(box.width >= 1 && box.height >= 1)) throw refuse("the box is empty");
}
