// One thread of `DecodePool`: files in, prepared views out.

import { parentPort } from "node:worker_threads";
import { decodeImage, ImageError } from "@inctrl/datasets";
import type { DecodeAnswer, DecodeTask } from "./decode-pool.js";
import { prepareViews } from "./prepared.js";
import { SourceReader } from "./read-source.js";

const reader = new SourceReader();

parentPort?.on("message", async (task: DecodeTask) => {
  const { part } = task;
  try {
    const raster =
      "bytes" in part
        ? await decodeImage(part.bytes, { label: part.label, ...part.reading })
        : await reader.read(part);
    const found = prepareViews(raster, task);
    // Tiles are resized as they are copied.
    const prepared = { ...found, views: found.views.map((view) => ({ ...view })) };
    // Views of one image may share a buffer, which can be transferred once only.
    const buffers = new Set(prepared.views.map(({ pixels }) => pixels.buffer as ArrayBuffer));
    parentPort?.postMessage({ prepared } satisfies DecodeAnswer, [...buffers]);
  } catch (error) {
    // A file on disk is read again by the main thread, which reports the error it gets.
    const isTold = "bytes" in part && error instanceof ImageError;
    const { code, problem, mend } = error as ImageError;
    const answer = { prepared: null, ...(isTold && { refused: { code, problem, mend } }) };
    parentPort?.postMessage(answer satisfies DecodeAnswer);
  }
});
