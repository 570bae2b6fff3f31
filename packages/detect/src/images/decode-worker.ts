// One thread of `DecodePool`: files in, prepared views out.

import { parentPort } from "node:worker_threads";
import { prepareImage } from "@inctrl/clip";
import { cropRaster, decodeImage, type Raster } from "@inctrl/datasets";
import type { DecodeAnswer, DecodeTask } from "./decode-pool.js";

/** The image that parts were last cut from: parts of one image are asked for one after another. */
let whole: { of: string; raster: Raster } | null = null;

async function read({ path, box, reading }: DecodeTask): Promise<Raster> {
  if (!box) return decodeImage(path, reading);
  const of = JSON.stringify([path, reading]);
  if (whole?.of !== of) whole = { of, raster: await decodeImage(path, reading) };
  return cropRaster(whole.raster, box);
}

parentPort?.on("message", async (task: DecodeTask) => {
  try {
    const views = prepareImage(await read(task), { size: task.size }, task.fit);
    // Views of one image may share a buffer, which can be transferred once only.
    const buffers = new Set(views.map(({ pixels }) => pixels.buffer as ArrayBuffer));
    parentPort?.postMessage({ views } satisfies DecodeAnswer, [...buffers]);
  } catch {
    // The main thread reads the image again and reports the error it gets.
    parentPort?.postMessage({ views: null } satisfies DecodeAnswer);
  }
});
