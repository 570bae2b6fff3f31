import type { Box, Raster } from "@inctrl/datasets/web";
import {
  anchoredScale,
  bestMatch,
  type Calibration,
  colourMap,
  type FittedDetector,
  type ImageScore,
  judge,
  judgeOf,
  mergeViews,
  type Photo,
  patchBox,
  type Region,
  regionsAbove,
  scaleOf,
} from "@inctrl/detect/web";
import { bitmapOf, photoOfRaster } from "./images.js";
import type { Result } from "./types.js";

/** Where the views of a prompt lie in its image, and that in its photo. */
export interface PromptPlace {
  readonly place: Photo["place"];
  readonly boxes: readonly Box[];
}

interface Known {
  readonly fitted: FittedDetector;
  readonly places: readonly (PromptPlace | null)[];
  readonly calibration: Calibration | null;
  readonly name: string;
  readonly ms: number;
}

/** What the page shows of a score: the verdict, the map in the colours of heat maps, regions, and the nearest prompt. */
export async function resultOf(
  raster: Raster,
  scored: ImageScore,
  { fitted, places, calibration, name, ms }: Known,
): Promise<Result> {
  const photo = photoOfRaster(raster);
  const placed = mergeViews(scored.views);
  const judging = calibration && judgeOf(calibration);
  const said = judging ? judge(scored.score, judging) : null;
  const scale = judging ? anchoredScale(judging) : (scaleOf([placed.map.values]) ?? { low: 0, high: 1 });
  const heat = colourMap({ image: photo.image, map: placed.map, box: photo.place(placed.box), scale });
  const move = (region: Region): Region => ({ ...region, box: photo.place(region.box) });
  const view = scored.views[scored.view];
  const match = bestMatch(view);
  return {
    ...{ name, ms, score: scored.score },
    photo: await bitmapOf(photo.image),
    heat: await bitmapOf(heat),
    verdict: said?.verdict ?? null,
    p: said?.p_value ?? null,
    scaled: said?.scaled_score ?? null,
    status: judging?.line.status ?? null,
    ...{ map: { map: placed.map, box: photo.place(placed.box) }, scale },
    regions: judging ? regionsAbove(placed, judging.patchLine).map(move) : [],
    patch: match && photo.place(patchBox(view.box, match.queryGrid ?? view.map, match.queryPatch)),
    nearest: match && {
      prompt: match.prompt,
      name: fitted.prompts[match.prompt].name,
      patch: promptPatch(places[match.prompt], match.promptGrid ?? view.map, match.patch),
    },
  };
}

/** The patch of a prompt in its photo; its number counts on from view to view. */
function promptPatch(
  place: PromptPlace | null,
  grid: { readonly rows: number; readonly columns: number },
  patch: number,
): Box | null {
  if (!place) return null;
  const patches = grid.rows * grid.columns;
  const box = place.boxes[Math.floor(patch / patches)];
  return box ? place.place(patchBox(box, grid, patch % patches)) : null;
}
