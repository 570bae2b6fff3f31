import { readdir } from "node:fs/promises";
import { isS3, openStore } from "../store/open-store.js";
import type { Store } from "../store/store.js";
import { chunkOf } from "./names.js";
import { type ChunkHead, finishedChunks, readHead } from "./rows.js";
import { findRun, type ScoringFacts, sameScoring } from "./run-file.js";

/** Chunks of a run whose times are read. */
const CHUNKS = 100;

/** How fast earlier runs went. */
export interface EarlierRate {
  /** Images a second of one worker, by the mean. */
  readonly perSecond: number;
  readonly images: number;
  readonly runs: readonly string[];
  readonly devices: readonly string[];
}

/**
 * The rate of a worker in the runs of a folder that scored with the same weights, bank, heads and options, by the times in their chunks.
 * Null where there is no such run. Runs in a bucket are not looked for.
 *
 * @example
 * const rate = await earlierRate("runs", facts); // { perSecond: 12.5, images: 4096, runs: ["monday"], devices: [...] }
 */
export async function earlierRate(runs: string, facts: ScoringFacts): Promise<EarlierRate | null> {
  if (isS3(runs)) return null;
  const found = { runs: [] as string[], devices: new Set<string>() };
  let [images, seconds] = [0, 0];
  for (const name of (await readdir(runs).catch(() => [])).sort()) {
    const store = await openStore(runs, name);
    const run = await findRun(store).catch(() => null);
    if (run === null || !sameScoring(run, facts)) continue;
    const before = images;
    for (const head of await headsOf(store)) {
      // Several small chunks may come out of one batch: all but the first then took no time.
      if (!Number.isFinite(head.seconds) || !Number.isSafeInteger(head.count)) continue;
      images += head.count as number;
      seconds += head.seconds as number;
      found.devices.add(String(head.device));
    }
    if (images > before) found.runs.push(name);
  }
  if (images === 0 || !(seconds > 0)) return null;
  return { perSecond: images / seconds, images, runs: found.runs, devices: [...found.devices] };
}

/** First lines of some chunks of a run. */
async function headsOf(store: Store): Promise<Partial<ChunkHead>[]> {
  const chunks = [...(await finishedChunks(store, chunkOf))].slice(-CHUNKS);
  return await Promise.all(chunks.map((chunk) => readHead(store, chunk)));
}
