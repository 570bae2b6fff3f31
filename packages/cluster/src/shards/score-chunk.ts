import { ClusterError } from "../errors.js";
import { type Chunk, readImages } from "../run/manifest.js";
import { chunkName, chunkOf } from "../run/names.js";
import { finishedChunks, type Row, type Scored, writeRows } from "../run/rows.js";
import type { Run } from "../run/run-file.js";
import type { Store } from "../store/store.js";
import type { Shard } from "./shard.js";

/** What scores the images of a run: rows in the order of the images, a failure where one cannot be scored. */
export interface ChunkScorer extends Scored {
  /** Milliseconds between two beats in which nothing counts as hung. Default: those of the watchdog. */
  readonly quietMs?: number;
  /** @param onBeat is to be called while a row takes long, so that the device does not count as hung. */
  score(images: readonly string[], onBeat: () => void): AsyncIterable<Row>;
}

/** The rows of some images. @throws ClusterError `chunk` where the scorer leaves an image out, or takes them in another order. */
export async function scoreImagesOf(
  scorer: ChunkScorer,
  images: readonly string[],
  { onRow, onBeat = () => {} }: { readonly onRow?: () => void; readonly onBeat?: () => void } = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of scorer.score(images, onBeat)) {
    if (row.image !== images[rows.length])
      throw new ClusterError("chunk", `${row.image}: was scored in the place of ${images[rows.length]}`);
    rows.push(row);
    onBeat();
    onRow?.();
  }
  if (rows.length !== images.length)
    throw new ClusterError("chunk", `${rows.length} of ${images.length} images were scored`);
  return rows;
}

/** What a shard has done. */
export interface ShardCounts {
  readonly scored: number;
  readonly failed: number;
  /** Chunks of the shard that have no result yet, because it was stopped. */
  readonly left: number;
}

/**
 * Scores the chunks of a shard that have no result yet: every `of`-th from its index. A signal stops it after the chunk in hand.
 *
 * @param onBeat is told of every sign of life of the scorer, each row among them.
 * @param onChunk is told of each chunk when it is written.
 */
export async function scoreShard(
  { store, run, chunks, shard }: { store: Store; run: Run; chunks: readonly Chunk[]; shard: Shard },
  scorer: ChunkScorer,
  {
    signal,
    onRow,
    onBeat,
    onChunk,
    onFailure,
  }: {
    readonly signal: AbortSignal;
    readonly onBeat?: () => void;
    readonly onRow?: () => void;
    readonly onChunk?: (name: string) => void;
    readonly onFailure?: (error: string) => void;
  },
): Promise<ShardCounts> {
  const done = await finishedChunks(store, chunkOf);
  const own = chunks.filter(({ index }) => index % shard.of === shard.index && !done.has(index));
  let [scored, failed, ended] = [0, 0, 0];
  for (const chunk of own) {
    if (signal.aborted) break;
    const rows = await scoreImagesOf(scorer, await readImages(store, chunk), { onRow, onBeat });
    await writeRows(store, run, chunk, rows, scorer);
    for (const row of rows) {
      if (!("error" in row)) continue;
      failed++;
      onFailure?.(row.error);
    }
    scored += rows.length;
    ended++;
    onChunk?.(chunkName(chunk.index));
  }
  return { scored: scored - failed, failed, left: own.length - ended };
}
