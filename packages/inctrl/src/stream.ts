import { type Fit, type PreparedImage, prepareImage } from "@inctrl/clip";
import { decodeImage, hashFile, type Raster } from "@inctrl/datasets";
import type { Backbone, Prompt } from "@inctrl/detect";
import { chooseBatch, DecodePool, decodeThreads, parseFewShot, readFewShot } from "@inctrl/detect";
import type { Scorer, ViewScore } from "./scorer.js";

/** What the model says of one image file: of its most anomalous view, and of each. */
export interface ImageScore extends Omit<ViewScore, "map" | "grid" | "matches" | "box"> {
  image: string;
  /** Index in `views` of the view that decided. */
  view: number;
  views: ViewScore[];
}

/** An image that could not be read, and why. */
export interface ImageFailure {
  image: string;
  error: Error;
}

export interface ScoreImagesOptions {
  /** Views scored together. By default chosen by `chooseBatch`; the scores do not depend on it. */
  batch?: number;
  /** Threads that decode; 0 decodes in the calling one. By default chosen by `decodeThreads`; results do not depend on it. */
  threads?: number;
  /** Stops after the batch at work; results so far have been given out. */
  signal?: AbortSignal;
}

/** Decodes an image file, or a prompt of a few-shot file (`candle.pt#000`). */
export async function decodeInput(path: string): Promise<Raster> {
  const part = parseFewShot(path);
  return part ? readFewShot(part.path, part.index) : decodeImage(path);
}

/** sha256 of an image file, or of the few-shot file that a prompt is in. */
export const hashInput = (path: string): Promise<string> => hashFile(parseFewShot(path)?.path ?? path);

/** Decodes and prepares an image file as a backbone takes it. */
export async function prepareFile(path: string, backbone: Backbone, fit: Fit): Promise<PreparedImage[]> {
  return prepareImage(await decodeInput(path), backbone.config.preprocess, fit);
}

/** Reads prompts with their hashes. Throws on the first unreadable one: a prompt left out would change every score. */
export async function readPrompts(paths: readonly string[], backbone: Backbone, fit: Fit): Promise<Prompt[]> {
  const prompts: Prompt[] = [];
  for (const path of paths) {
    const [views, sha256] = await Promise.all([prepareFile(path, backbone, fit), hashInput(path)]);
    prompts.push({ name: path, sha256, views });
  }
  return prompts;
}

interface Ready {
  image: string;
  views: PreparedImage[];
}

/**
 * Scores image files one after another. The next batch is decoded, recorded and submitted while the GPU works on this one; at
 * most two batches are held, and a few images on their way from the threads that decode. Unreadable images come out as
 * failures, in their place.
 *
 * @example
 * for await (const result of scoreImages(scorer, paths)) {
 *   if ("error" in result) console.error(result.error.message);
 *   else console.log(result.image, result.score);
 * }
 */
export async function* scoreImages(
  scorer: Scorer,
  paths: Iterable<string> | AsyncIterable<string>,
  options: ScoreImagesOptions = {},
): AsyncGenerator<ImageScore | ImageFailure> {
  const { caps } = scorer.backbone.device;
  const { signal, threads = decodeThreads(caps.software) } = options;
  const { batch = chooseBatch(caps, scorer.backbone.config) } = options;
  const pool = new DecodePool(threads);
  const working: Promise<(ImageScore | ImageFailure)[]>[] = [];
  let ready: (Ready | ImageFailure)[] = [];
  let held = 0;
  const start = () => {
    const started = scoreBatch(scorer, ready, batch);
    // Awaited below; a failure before that must not count as unhandled.
    started.catch(() => {});
    working.push(started);
    ready = [];
    held = 0;
  };
  try {
    for await (const item of readAhead(pool, paths, scorer, signal)) {
      if (signal?.aborted) break;
      ready.push(item);
      if ("views" in item) held += item.views.length;
      if (held < batch && ready.length < 4 * batch) continue;
      start();
      if (working.length > 1) yield* (await working.shift()) ?? [];
    }
    if (ready.length > 0 && !signal?.aborted) start();
    for (const batchAtWork of working) yield* await batchAtWork;
  } finally {
    // Whoever stops listening, or whose list of paths fails, may dispose of the scorer at once.
    await Promise.allSettled(working);
    await pool.close();
  }
}

/** Images prepared in the order of their paths, a few of them at once. */
async function* readAhead(
  pool: DecodePool,
  paths: Iterable<string> | AsyncIterable<string>,
  { backbone, bank: { fit } }: Scorer,
  signal: AbortSignal | undefined,
): AsyncGenerator<Ready | ImageFailure> {
  const { size } = backbone.config.preprocess;
  const asked: Promise<Ready | ImageFailure>[] = [];
  try {
    for await (const image of paths) {
      if (signal?.aborted) break;
      asked.push(
        pool.prepare({ path: image, size, fit }).then(
          (views) => ({ image, views }),
          (error: Error) => ({ image, error }),
        ),
      );
      if (asked.length >= pool.ahead) yield await asked.shift()!;
    }
    while (asked.length > 0 && !signal?.aborted) yield await asked.shift()!;
  } finally {
    // None rejects; whoever stops listening should leave no file open.
    if (pool.ahead === 1) await Promise.all(asked);
  }
}

async function scoreBatch(
  scorer: Scorer,
  items: readonly (Ready | ImageFailure)[],
  batch: number,
): Promise<(ImageScore | ImageFailure)[]> {
  const views = items.flatMap((item) => ("views" in item ? item.views : []));
  const scores: ViewScore[] = [];
  for (let at = 0; at < views.length; at += batch) {
    scores.push(...(await scorer.score(views.slice(at, at + batch))));
  }
  let next = 0;
  return items.map((item) => {
    if ("error" in item) return item;
    const own = scores.slice(next, next + item.views.length);
    next += item.views.length;
    return joinViews(item.image, own);
  });
}

/** An image is as anomalous as its most anomalous view. */
function joinViews(image: string, views: ViewScore[]): ImageScore {
  const view = views.reduce((best, { score }, i) => (score > views[best].score ? i : best), 0);
  const { map: _map, grid: _grid, matches: _matches, box: _box, ...decisive } = views[view];
  return { image, ...decisive, view, views };
}
