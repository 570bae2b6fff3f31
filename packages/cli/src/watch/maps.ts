import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type CalibratedJudge, drawHeatmaps, MapStore, PromptAlbum, storedMaps } from "@inctrl/detect";
import type { PlacedPart } from "@inctrl/server";
import { onDisk } from "@inctrl/tensor/files";
import { describe } from "../errors.js";
import type { Model } from "../score/model.js";
import { warn } from "../ui/log.js";

/** Draws the heat map of each part that is not good, `maps/ng/NAME.heatmap.png`. A map that cannot be drawn stops nothing. */
export function mapDrawer(
  { fitted, reading }: Pick<Model, "fitted" | "reading">,
  judge: CalibratedJudge,
  out: string,
): (part: PlacedPart) => Promise<void> {
  // A bank's prompts lie anywhere, and nobody named their folder: there are no panels.
  const album = new PromptAlbum(fitted, () => {}, { below: null });
  return async ({ verdict, path, to, result }) => {
    if (!result || (verdict !== "NG" && verdict !== "REVIEW")) return;
    const folder = join(out, "maps", dirname(to));
    try {
      await mkdir(onDisk(folder), { recursive: true });
      const maps = await MapStore.open(folder);
      try {
        await maps.add(storedMaps({ ...result, image: path }, basename(to), fitted.prompts));
        const onProblem = (error: unknown) => warn(describe(error));
        // A few prompts tell too little for colours.
        const anchor = judge.line.status === "hint" ? undefined : judge;
        await drawHeatmaps({
          ...{ folder, maps, album, onProblem, judge: anchor },
          reading: { ...reading, ...fitted.reading },
        });
      } finally {
        await maps.close();
      }
    } catch (error) {
      warn(`no heat map: ${describe(error)}`);
    }
  };
}
