// One thread of `DecodePool`: files in, prepared views out.

import { parentPort } from "node:worker_threads";
import type { DecodeAnswer, DecodeTask } from "./decode-pool.js";
import { prepareViews } from "./prepared.js";
import { SourceReader } from "./read-source.js";

const reader = new SourceReader();

parentPort?.on("message", async (task: DecodeTask) => {
  try {
    const found = prepareViews(await reader.read(task.part), task);
    // Tiles are resized as they are copied.
    const prepared = { ...found, views: found.views.map((view) => ({ ...view })) };
    // Views of one image may share a buffer, which can be transferred once only.
    const buffers = new Set(prepared.views.map(({ pixels }) => pixels.buffer as ArrayBuffer));
    parentPort?.postMessage({ prepared } satisfies DecodeAnswer, [...buffers]);
  } catch {
    // The main thread reads the image again and reports the error it gets.
    parentPort?.postMessage({ prepared: null } satisfies DecodeAnswer);
  }
});
