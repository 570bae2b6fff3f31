import type { Box, Picture } from "@inctrl/datasets";
import { Canvas, FADED, INK, PAPER, roundBox, wholeOf } from "./canvas.js";
import type { Colour } from "./colormap.js";
import { drawText, fitText } from "./font.js";
import { fitHeight, patchBox } from "./photo.js";
import { colourMap, drawLegend, formatValue, type HeatmapOptions, legendSize } from "./render.js";
import { resizeImage } from "./resample.js";

/** An RGB image, the grid of patches laid over it, and the patch to point out. */
export interface PatchView {
  readonly image: Picture;
  /** The part of the image, in its pixels, that the grid covers. Default: all of it. */
  readonly box?: Box;
  /** Patches down and across the box. */
  readonly rows: number;
  readonly columns: number;
  /** Index of the patch, row by row. */
  readonly patch: number;
  /** Shown under the image, such as the file's name. */
  readonly caption: string;
}

/** `map` is the query's. */
export interface PanelOptions extends Pick<HeatmapOptions, "map" | "scale"> {
  /** The scored image and its most anomalous patch. */
  readonly query: PatchView;
  /** The prompt image and the patch that the query's patch is nearest to. */
  readonly prompt: PatchView;
  readonly score?: number;
  /** Height of the three images in pixels. Default 320. */
  readonly height?: number;
}

const ACCENT: Colour = [0, 200, 255];
const MARGIN = 20;
const GAP = 16;
const TITLE = 13;
const CAPTION = 10;
const HEADER = MARGIN + TITLE + 12;
const FOOTER = 12 + CAPTION + 6 + MARGIN;

/**
 * Draws side by side the query with its most anomalous patch framed, its heat map with the legend, and the prompt
 * image with the normal patch that is most like it. Each patch is shown enlarged as well.
 *
 * @throws RangeError when sizes and data do not fit each other
 * @example
 * renderPanel({ query, prompt, map, scale: { low: 0, high: 0.3 }, score: 0.21 });
 */
export function renderPanel(options: PanelOptions): Canvas {
  const { query, prompt, map, scale, score, height = 320 } = options;
  const found = fitView(query, height);
  const nearest = fitView(prompt, height);
  const heat = colourMap({ image: found.tile, map, box: found.box, scale });
  const result = score === undefined ? "" : `score ${formatValue(score)}`;

  const legend = legendSize(HEADER + height + FOOTER);
  const heatX = MARGIN + found.tile.width + GAP;
  const legendX = heatX + heat.width + legend.gap;
  const nearestX = legendX + legend.width + GAP;
  const picture = new Canvas(nearestX + nearest.tile.width + MARGIN, HEADER + height + FOOTER);

  drawTile(picture, MARGIN, found.tile, "Query", query.caption);
  drawTile(picture, heatX, heat, "Residual map", result);
  drawTile(picture, nearestX, nearest.tile, "Nearest normal patch", prompt.caption);
  drawLegend(picture, { x: legendX, y: HEADER, width: legend.bar, height }, scale);

  drawPatch(picture, MARGIN, found);
  picture.frame(shifted(found.patch, heatX), ACCENT, 1);
  drawPatch(picture, nearestX, nearest);
  return picture;
}

/** A view brought to the panel's size. */
interface Tile {
  readonly view: PatchView;
  readonly tile: Picture;
  /** What the grid covers, and the patch, in the tile's pixels. */
  readonly box: Box;
  readonly patch: Box;
}

function fitView(view: PatchView, height: number): Tile {
  const { image: tile, place } = fitHeight(view.image, height);
  return { view, tile, box: place(view.box ?? wholeOf(view.image)), patch: place(patchInImage(view)) };
}

function drawTile(picture: Canvas, x: number, tile: Picture, title: string, caption: string): void {
  picture.paste(tile, x, HEADER);
  drawText(picture, fitText(title, TITLE, tile.width), x, MARGIN, TITLE, INK, 1.25);
  drawText(picture, fitText(caption, CAPTION, tile.width), x, HEADER + tile.height + 12, CAPTION, FADED);
}

/** The patch in the image's own pixels. */
const patchInImage = (view: PatchView): Box => patchBox(view.box ?? wholeOf(view.image), view, view.patch);

/** A box of a tile at the tile's place in the panel. */
function shifted(box: Box, x: number): Box {
  return { ...box, x: box.x + x, y: box.y + HEADER };
}

/** Frames the patch, and shows it enlarged with its surroundings in the corner farthest from it. */
function drawPatch(picture: Canvas, left: number, { view, tile, patch }: Tile): void {
  picture.frame(shifted(patch, left), PAPER, 3);
  picture.frame(shifted(patch, left), ACCENT, 2);

  const size = Math.round(Math.min(tile.width, tile.height) * 0.3);
  const { x, y, width, height } = patchInImage(view);
  // One patch of surroundings on each side tells what the patch lies in.
  const around = { x: x - width, y: y - height, width: width * 3, height: height * 3 };
  const corner = {
    x: patch.x + patch.width / 2 < tile.width / 2 ? tile.width - size - 8 : 8,
    y: patch.y + patch.height / 2 < tile.height / 2 ? tile.height - size - 8 : 8,
    width: size,
    height: size,
  };
  const inset = shifted(corner, left);
  picture.paste(resizeImage(view.image, around, size, size), inset.x, inset.y);
  picture.frame(inset, PAPER, 2);
  const third = size / 3;
  picture.frame(roundBox({ x: inset.x + third, y: inset.y + third, width: third, height: third }), ACCENT, 2);
}
