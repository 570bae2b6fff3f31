import { basename, join } from "node:path";
import { type Box, encodePng, type Reading, writeFileAtomic } from "@inctrl/datasets";
import type { CalibratedJudge } from "../calibration/record.js";
import { regionsAbove } from "../calibration/regions.js";
import type { Grid } from "../detector.js";
import { roundBox } from "./canvas.js";
import { anchoredScale, type Colour, type Scale } from "./colormap.js";
import type { MapStore, StoredMaps } from "./map-store.js";
import { mergeViews } from "./merge.js";
import { renderPanel } from "./panel.js";
import type { Photo } from "./photo.js";
import { openPhoto, type PromptAlbum } from "./prompt-album.js";
import { renderHeatmap } from "./render.js";

export interface DrawHeatmapsOptions {
  readonly folder: string;
  readonly maps: MapStore;
  /** The prompts that panels show. */
  readonly album: PromptAlbum;
  /** What judges: the colours then have its patch line in their middle, and regions above it are framed. */
  readonly judge?: CalibratedJudge;
  /** How the images were read. Default: as `fileImage` reads them. */
  readonly reading?: Reading;
  /** Called after each image with the number of images done. */
  readonly onProgress?: (done: number) => void;
  /** Called for each image that can no longer be read. */
  readonly onProblem?: (error: unknown) => void;
  /** Stops after the image at work. */
  readonly signal?: AbortSignal;
}

/** The frame of a region. */
const FRAME: Colour = [0, 200, 255];

/** How many images were drawn, and how many could no longer be read. */
export interface DrawnHeatmaps {
  readonly drawn: number;
  readonly failed: number;
}

/**
 * Draws `NAME.heatmap.png` and `NAME.panel.png` for every stored image, all in one colour scale. Images of a method that does
 * not match patches, and those whose prompt cannot be shown, have no panel.
 *
 * @throws DatasetError where a picture cannot be written.
 */
export async function drawHeatmaps({
  folder,
  maps,
  album,
  judge,
  reading,
  onProgress,
  onProblem,
  signal,
}: DrawHeatmapsOptions): Promise<DrawnHeatmaps> {
  const scale = judge ? anchoredScale(judge) : maps.scale;
  let drawn = 0;
  let failed = 0;
  if (!scale) return { drawn, failed };
  for await (const entry of maps.read()) {
    if (signal?.aborted) break;
    const photo = await openPhoto(entry.image, reading).catch((error) => {
      onProblem?.(error);
      return null;
    });
    if (photo) {
      await drawImage(folder, entry, photo, { scale, album, line: judge?.patchLine });
      drawn++;
    } else failed++;
    onProgress?.(drawn + failed);
  }
  return { drawn, failed };
}

interface Drawing {
  readonly scale: Scale;
  readonly album: PromptAlbum;
  /** Regions above it are framed. */
  readonly line: number | undefined;
}

async function drawImage(
  folder: string,
  entry: StoredMaps,
  photo: Photo,
  { scale, album, line }: Drawing,
): Promise<void> {
  const { image } = photo;
  const { map, box } = mergeViews(entry.views);
  const heatmap = renderHeatmap({ image, map, box: photo.place(box), scale, legend: true });
  const regions = line === undefined ? [] : regionsAbove({ map, box }, line);
  for (const region of regions) heatmap.frame(roundBox(photo.place(region.box)), FRAME, 2);
  await writeFileAtomic(join(folder, `${entry.name}.heatmap.png`), encodePng(heatmap));

  const { match } = entry;
  const prompt = match && (await album.find(match.prompt));
  if (!match || !prompt) return;
  const view = entry.views[entry.view];
  const { queryGrid = view.map, promptGrid = view.map } = match;
  const patches = promptGrid.rows * promptGrid.columns;
  const promptBox = prompt.boxes[Math.floor(match.patch / patches)];
  const side = (path: string, shown: Photo, box: Box, { rows, columns }: Grid, patch: number) => ({
    ...{ image: shown.image, box: shown.place(box), rows, columns, patch, caption: basename(path) },
  });
  const panel = renderPanel({
    query: side(entry.image, photo, view.box, queryGrid, match.queryPatch),
    prompt: side(match.prompt, prompt.photo, promptBox, promptGrid, match.patch % patches),
    ...{ map: view.map, scale, score: entry.score },
  });
  await writeFileAtomic(join(folder, `${entry.name}.panel.png`), encodePng(panel));
}
