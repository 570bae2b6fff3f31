import type { Job, Queue } from "bullmq";
import { type Chunk, linesOf, readChunks, readImages } from "../run/manifest.js";
import { partFile } from "../run/names.js";
import { joinPieces, writePiece } from "../run/rows.js";
import { type Run, readRun } from "../run/run-file.js";
import type { Store } from "../store/store.js";
import { STALLS } from "./jobs.js";
import { checkMessage, type Message, splitMessage } from "./message.js";
import { addMessages } from "./queue.js";

/** Keeps what is known of a chunk that was given up, and splits it where that is asked for. */
export async function keepDead(
  queue: Queue<Message>,
  openStore: (run: string) => Promise<Store>,
  job: Job<Message>,
  error: Error,
): Promise<void> {
  if ((await job.getState()) !== "failed") return;
  const message = checkMessage(job.data);
  const store = await openStore(message.run);
  try {
    const told = { job: job.id, images: message.count, error: error.message, time: new Date().toISOString() };
    await store.create(`failed/${job.id}.json`, new TextEncoder().encode(`${JSON.stringify(told)}\n`));
    if (!message.split) return;
    if (message.count > 1) await addMessages(queue, splitMessage(message, await lineBytes(store, message)));
    else await leaveOut(store, message);
    await job.remove();
  } finally {
    store.close();
  }
}

/** The row of an image that ends workers says so. */
async function leaveOut(store: Store, message: Message): Promise<void> {
  const [run, [image]] = await Promise.all([readRun(store), readImages(store, message)]);
  const rows = [{ image, error: `${image}: ended ${STALLS} workers that read it, and is left out` }];
  const piece = { chunk: message.index, first: message.first ?? 0 };
  await writePiece(store, run, piece, rows, { model: run.model, device: "none" });
  await joinChunk({ store, run, chunks: await readChunks(store) }, message.index);
}

/** Joins the pieces of a chunk, once they are all there. */
export async function joinChunk(
  { store, run, chunks }: { readonly store: Store; readonly run: Run; readonly chunks: readonly Chunk[] },
  index: number,
): Promise<void> {
  const chunk = chunks[index];
  await joinPieces(store, run, chunk, await readImages(store, chunk));
}

/** Bytes of each line that a message names. */
export async function lineBytes(store: Store, { part, offset, bytes }: Message): Promise<number[]> {
  const content = await store.slice(partFile(part), offset, bytes);
  return linesOf(content).map((line) => Buffer.byteLength(line) + 1);
}
