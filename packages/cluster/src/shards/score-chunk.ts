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
  /**
   * @param images are asked for as they are needed: those of the next chunk are taken once the last one of this is read.
   * @param onBeat is to be called while a row takes long, so that the device does not count as hung.
   */
  score(images: AsyncIterable<string>, onBeat: () => void): AsyncIterable<Row>;
}

/** The images of a chunk, or of a part of one. */
export interface Work {
  readonly images: readonly string[];
}

/**
 * Scores one piece of work after another as one stream of images: while the device has the last ones of a piece, the scorer already
 * reads the next.
 *
 * @param works is asked for the next piece when the scorer has taken all images of the last.
 * @param options `onBeat`: told of every sign of life, rows among them; `onRow`: of each row.
 * @throws ClusterError `chunk` where the scorer leaves an image out, or takes them in another order.
 * @example
 * for await (const { work, rows } of scoreWorks(scorer, works)) await write(work, rows);
 */
export async function* scoreWorks<T extends Work>(
  scorer: ChunkScorer,
  works: AsyncIterable<T>,
  { onRow, onBeat = () => {} }: { readonly onRow?: () => void; readonly onBeat?: () => void } = {},
): AsyncGenerator<{ readonly work: T; readonly rows: readonly Row[] }> {
  const begun: T[] = [];
  async function* images(): AsyncGenerator<string> {
    for await (const work of works) {
      begun.push(work);
      yield* work.images;
    }
  }
  let rows: Row[] = [];
  for await (const row of scorer.score(images(), onBeat)) {
    const [work] = begun;
    const expected = work?.images[rows.length];
    if (row.image !== expected)
      throw new ClusterError("chunk", `${row.image}: was scored in the place of ${expected}`);
    rows.push(row);
    onBeat();
    onRow?.();
    if (rows.length < work.images.length) continue;
    begun.shift();
    yield { work, rows };
    rows = [];
  }
  const [left] = begun;
  if (left) throw new ClusterError("chunk", `${rows.length} of ${left.images.length} images were scored`);
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
  async function* works() {
    for (const chunk of own) {
      if (signal.aborted) return;
      yield { chunk, images: await readImages(store, chunk) };
    }
  }
  let [scored, failed, ended, since] = [0, 0, 0, performance.now()];
  for await (const { work, rows } of scoreWorks(scorer, works(), { onRow, onBeat })) {
    const { chunk } = work;
    const { model, device } = scorer;
    const seconds = (performance.now() - since) / 1000;
    await writeRows(store, run, chunk, rows, { model, device, seconds });
    since = performance.now();
    for (const row of rows) {
      if (!("error" in row)) continue;
      failed++;
      onFailure?.(row.error);
    }
    scored += rows.length;
    ended++;
    onChunk?.(chunkName(chunk.index));
    if (signal.aborted) break;
  }
  return { scored: scored - failed, failed, left: own.length - ended };
}
