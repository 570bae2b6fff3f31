// One thread of `DecodePool`: files in, prepared views, decoded pixels or drawn pictures out.

import { parentPort } from "node:worker_threads";
import { decodeImage, ImageError } from "@inctrl/datasets";
import { heatmapPng } from "../heatmap/heatmap-png.js";
import type { DecodeAnswer, DecodeTask } from "./decode-pool.js";
import { prepareViews } from "./prepared.js";
import { SourceReader } from "./read-source.js";

const reader = new SourceReader();

parentPort?.on("message", async (task: DecodeTask) => {
  const { part, make } = task;
  try {
    const raster =
      "bytes" in part
        ? await decodeImage(part.bytes, { label: part.label, ...part.reading })
        : await reader.read(part);
    if ("heatmap" in make) {
      const made = heatmapPng(raster, make.heatmap);
      return post({ made }, [made]);
    }
    const found = prepareViews(raster, make.views);
    // Tiles are resized as they are copied.
    const made = "raster" in found ? found : { ...found, views: found.views.map((view) => ({ ...view })) };
    post({ made }, "raster" in made ? [made.raster.data] : made.views.map(({ pixels }) => pixels));
  } catch (error) {
    // A file on disk is read again by the main thread, which reports the error it gets.
    const isTold = "bytes" in part && error instanceof ImageError;
    const { code, problem, mend } = error as ImageError;
    const answer = { made: null, ...(isTold && { refused: { code, problem, mend } }) };
    parentPort?.postMessage(answer satisfies DecodeAnswer);
  }
});

/** Hands an answer over with its pixels, which the decoders of some formats do not let go of: these are copied. */
function post(answer: DecodeAnswer, pixels: readonly ArrayBufferView[]): void {
  // Views of one image may share a buffer, which can be transferred once only.
  const buffers = new Set(pixels.map(({ buffer }) => buffer as ArrayBuffer));
  try {
    parentPort?.postMessage(answer, [...buffers]);
  } catch (error) {
    if ((error as Error).name !== "DataCloneError") throw error;
    parentPort?.postMessage(answer);
  }
}
