// One thread of `DecodePool`: files in, prepared views out.

import { parentPort } from "node:worker_threads";
import { prepareImage } from "@inctrl/clip";
import type { DecodeAnswer, DecodeTask } from "./decode-pool.js";
import { SourceReader } from "./read-source.js";

const reader = new SourceReader();

parentPort?.on("message", async (task: DecodeTask) => {
  try {
    const views = prepareImage(await reader.read(task.part), task.pixels, task.fit);
    // Views of one image may share a buffer, which can be transferred once only.
    const buffers = new Set(views.map(({ pixels }) => pixels.buffer as ArrayBuffer));
    parentPort?.postMessage({ views } satisfies DecodeAnswer, [...buffers]);
  } catch {
    // The main thread reads the image again and reports the error it gets.
    parentPort?.postMessage({ views: null } satisfies DecodeAnswer);
  }
});
