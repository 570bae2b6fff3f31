import type { Reading } from "@inctrl/datasets";
import {
  type CalibratedJudge,
  type DrawnHeatmaps,
  drawHeatmaps,
  type FittedDetector,
  MapStore,
  PromptAlbum,
} from "@inctrl/detect";
import { describe } from "./errors.js";
import { removeAtExit } from "./signals.js";
import { warn } from "./ui/log.js";
import { withProgress } from "./ui/progress.js";

/** Runs a job with a store of maps in a folder. The store is removed however the job or the process ends. */
export async function withMapStore<T>(folder: string, job: (maps: MapStore) => Promise<T>): Promise<T> {
  const maps = await MapStore.open(folder);
  const forget = removeAtExit(maps.path);
  try {
    return await job(maps);
  } finally {
    await maps.close();
    forget();
  }
}

/** The pictures of a detector's prompts, with a warning for each that cannot be shown. @param options as of `PromptAlbum`. */
export const openAlbum = (
  fitted: FittedDetector,
  options?: Reading & { below?: string | null },
): PromptAlbum =>
  new PromptAlbum(fitted, (error) => warn(`no panels with this prompt: ${describe(error)}`), options);

/** Draws all stored maps with a progress bar. */
export const drawAll = (
  folder: string,
  maps: MapStore,
  album: PromptAlbum,
  signal: AbortSignal,
  { judge, ...reading }: Reading & { judge?: CalibratedJudge } = {},
): Promise<DrawnHeatmaps> =>
  withProgress({ total: maps.count, verb: "drawing heat maps" }, (onProgress) =>
    drawHeatmaps({
      ...{ folder, maps, album, judge, reading, signal, onProgress },
      onProblem: (error) => warn(describe(error)),
    }),
  );
