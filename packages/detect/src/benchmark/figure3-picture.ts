import { oneLine, type Picture } from "@inctrl/datasets";
import { Canvas, FADED, INK, PAPER } from "../heatmap/canvas.js";
import type { Colour } from "../heatmap/colormap.js";
import { drawText, fitText, textWidth } from "../heatmap/font.js";
import { colourMap, drawLegend, formatValue, legendSize } from "../heatmap/render.js";
import type { Figure3Row, Framed, FramedImage } from "./figure3.js";

interface Frame {
  readonly framed: Framed;
  readonly colour: Colour;
  readonly meaning: string;
}

/** The frames, the one above the other last. */
export const FRAMES: readonly Frame[] = [
  { framed: "least", colour: [0, 165, 80], meaning: "least anomalous patch and its match" },
  { framed: "most", colour: [232, 28, 40], meaning: "most anomalous patch and its match" },
];

const [MARGIN, GAP, TITLE, CAPTION] = [20, 10, 13, 10];
/** Thickness of a frame with its white edge. */
const EDGE = 3;
/** Rows of text below a picture, and the gap to the next row of pictures. */
const LINES = 2;
const FOOTER = LINES * (CAPTION + 6) + 14;
const KEY = CAPTION + MARGIN;
const HEADER = MARGIN + TITLE + 12;

/** An image with its frames. */
export function framedPicture(framed: FramedImage): Canvas {
  const canvas = new Canvas(framed.image.width, framed.image.height);
  drawFramed(canvas, framed, 0, 0);
  return canvas;
}

/** The map over the query. */
export const mapPicture = ({ query: { image }, map: { map, box }, scale }: Figure3Row): Picture =>
  colourMap({ image, map, box, scale });

/** All rows as one picture: the query, the prompts and the map of each side by side, with the map's colours. */
export function figure3Picture(rows: readonly Figure3Row[]): Canvas {
  const prompts = Math.max(0, ...rows.map((row) => row.prompts.length));
  const columns = Array.from({ length: prompts }, (_, i) => ({
    title: prompts === 1 ? "Prompt" : `Prompt ${i + 1}`,
    of: (row: Figure3Row) => row.prompts[i],
  }));
  const framed = [{ title: "Query", of: ({ query }: Figure3Row) => query }, ...columns];
  const widthOf = (of: (row: Figure3Row) => FramedImage) =>
    Math.max(0, ...rows.map((row) => of(row)?.image.width ?? 0));
  let right = MARGIN;
  const places = framed.map(({ title, of }) => {
    const x = right;
    right += widthOf(of) + GAP;
    return { title, of, x };
  });
  const mapX = right;
  const legendX = mapX + widthOf(({ query }) => query) + GAP;
  const height = rows.reduce((sum, { query }) => sum + query.image.height + FOOTER, HEADER + KEY);
  const { width: room, bar } = legendSize(height);
  const key = FRAMES.reduce(
    (sum, { meaning }) => sum + textWidth(meaning, CAPTION) + CAPTION + 8,
    4 * MARGIN,
  );
  const picture = new Canvas(Math.max(legendX + room + MARGIN, Math.ceil(key)), height);
  for (const { title, x } of [...places, { title: "Residual map", x: mapX }])
    drawText(picture, title, x, MARGIN, TITLE, INK, 1.25);
  let y = HEADER;
  for (const row of rows) {
    const { category, kind, score, scale, query } = row;
    for (const { of, x } of places) {
      const shown = of(row);
      if (!shown) continue;
      drawFramed(picture, shown, x, y);
      caption(picture, shown, x, y, shown.name, shown === query ? `${category}: ${kind}` : "");
    }
    picture.paste(mapPicture(row), mapX, y);
    caption(picture, query, mapX, y, `score ${formatValue(score)}`);
    drawLegend(picture, { x: legendX, y, width: bar, height: query.image.height }, scale);
    y += query.image.height + FOOTER;
  }
  drawKey(picture, y + 4);
  return picture;
}

function drawKey(canvas: Canvas, y: number): void {
  let x = MARGIN;
  for (const { colour, meaning } of [...FRAMES].reverse()) {
    canvas.frame({ x: x + 2, y: y + 2, width: CAPTION - 4, height: CAPTION - 4 }, colour, 2);
    drawText(canvas, meaning, x + CAPTION + 8, y, CAPTION, INK);
    x += CAPTION + 8 + textWidth(meaning, CAPTION) + 2 * MARGIN;
  }
}

function drawFramed(canvas: Canvas, { image, frames }: FramedImage, x: number, y: number): void {
  canvas.paste(image, x, y);
  for (const { framed, colour } of FRAMES) {
    const box = frames[framed];
    if (!box) continue;
    // Frames lie around patches; those of patches at the edge stay within the picture.
    const [left, top] = [Math.max(box.x, EDGE), Math.max(box.y, EDGE)];
    const inside = {
      ...{ x: x + left, y: y + top },
      width: Math.min(box.x + box.width, image.width - EDGE) - left,
      height: Math.min(box.y + box.height, image.height - EDGE) - top,
    };
    canvas.frame(inside, PAPER, EDGE);
    canvas.frame(inside, colour, EDGE - 1);
  }
}

function caption(canvas: Canvas, { image }: FramedImage, x: number, y: number, ...lines: string[]): void {
  for (const [i, line] of lines.entries())
    drawText(
      canvas,
      fitText(oneLine(line), CAPTION, image.width),
      x,
      y + image.height + 8 + i * (CAPTION + 6),
      CAPTION,
      i === 0 ? INK : FADED,
    );
}
