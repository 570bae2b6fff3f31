import { ClusterError } from "../errors.js";
import type { ObjectWriter, Store } from "../store/store.js";
import { readChunks, readImages } from "./manifest.js";
import { chunkOf } from "./names.js";
import { type Failure, finishedChunks, readRows } from "./rows.js";
import type { Run } from "./run-file.js";

/** What merging found. */
export interface Merged {
  readonly images: number;
  readonly scored: number;
  readonly failed: number;
  /** Adapters, and the images that each scored. */
  readonly devices: Readonly<Record<string, number>>;
}

/** The chunks of a run that have no result, in order. */
export async function missingChunks(store: Store): Promise<number[]> {
  const done = await finishedChunks(store, chunkOf);
  return (await readChunks(store)).map(({ index }) => index).filter((index) => !done.has(index));
}

/**
 * Goes through the rows of a run in the order of its images, a chunk at a time, and holds each against the manifest: every image once,
 * in its place, of this run.
 *
 * @param take gets each row's line in order, and each failure.
 * @throws ClusterError `chunk` where a chunk is missing, has other images, or was scored with another model.
 */
export async function mergeRows(
  store: Store,
  run: Run,
  take: { line(text: string): Promise<void> | void; failure(failure: Failure): Promise<void> | void },
): Promise<Merged> {
  const devices: Record<string, number> = {};
  let [scored, failed] = [0, 0];
  for (const chunk of await readChunks(store)) {
    const images = await readImages(store, chunk);
    const found = await readRows(store, run, chunk.index, images);
    if (found === null)
      throw new ClusterError("chunk", `${store.where}: chunk ${chunk.index} is missing; submit again`);
    devices[found.device] = (devices[found.device] ?? 0) + found.rows.length;
    for (const row of found.rows) {
      if ("error" in row) {
        failed++;
        await take.failure(row);
      } else {
        scored++;
        await take.line(row.line);
      }
    }
  }
  if (scored + failed !== run.images)
    throw new ClusterError("chunk", `${store.where}: ${scored + failed} rows for ${run.images} images`);
  return { images: run.images, scored, failed, devices };
}

/** Characters that are written at once. */
const PIECE = 1 << 20;

/** Lines gathered into larger writes. */
export function gathered(writer: ObjectWriter): ObjectWriter {
  let text = "";
  const flush = async () => {
    const piece = text;
    text = "";
    if (piece !== "") await writer.write(piece);
  };
  return {
    async write(more) {
      if (typeof more === "string") {
        text += more;
        if (text.length >= PIECE) await flush();
        return;
      }
      await flush();
      await writer.write(more);
    },
    async finish() {
      await flush();
      await writer.finish();
    },
    discard: () => writer.discard(),
  };
}
