// One thread of `DecodePool`: files in, prepared views out.

import { parentPort } from "node:worker_threads";
import { prepareImage } from "@inctrl/clip";
import { decodeImage } from "@inctrl/datasets";
import type { DecodeAnswer, DecodeTask } from "./decode-pool.js";

parentPort?.on("message", async ({ path, size, fit }: DecodeTask) => {
  try {
    const views = prepareImage(await decodeImage(path), { size }, fit);
    // Views of one image may lie in one buffer.
    const buffers = new Set(views.map(({ pixels }) => pixels.buffer as ArrayBuffer));
    parentPort?.postMessage({ views } satisfies DecodeAnswer, [...buffers]);
  } catch {
    // The main thread reads it again, and so gets the very error.
    parentPort?.postMessage({ views: null } satisfies DecodeAnswer);
  }
});
