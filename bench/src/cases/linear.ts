import { findConfig, gridSize } from "@inctrl/clip";
import type { Bench, Contestant } from "../bench.js";
import type { Case, Row } from "../case.js";
import { summarise } from "../measure.js";
import { imageScores, openScorer } from "../peers/pipeline.js";
import { drawPictures, type Pictures } from "../pictures.js";
import { resized } from "../towers.js";
import { ours } from "./contestants.js";

const MODEL = "deit_tiny_patch16_224";
const PATCH = 16;

export const linear: Case = {
  name: "linear",
  title: "What one more costs: growth is the cost of one at the last size over that at the first",
  async *run(bench) {
    yield* await images(bench, bench.quick ? 24 : 1000);
    yield* await shots(bench, bench.quick ? [1, 4] : [1, 4, 16, 64]);
    yield* await sizes(bench, bench.quick ? [112, 160] : [112, 224, 336, 448]);
  },
};

/** Images whose costs are averaged in one figure, so that batches do not show. */
const WINDOW = 8;
/** Rounds of the two streams. */
const TURNS = 12;

/** Starts to score `count` images, which are taken in portions. */
async function openStream({ images, prompts }: Pictures, count: number, signal: AbortSignal) {
  const { backbone, fitted } = await openScorer(MODEL, prompts.slice(0, 2));
  const paths = Array.from({ length: count }, (_, i) => images[i % images.length]);
  const results = imageScores(fitted, paths, { signal });
  return {
    device: backbone.device,

    /** Scores `portion` more images. @returns the milliseconds of one. */
    async take(portion: number): Promise<number> {
      const started = performance.now();
      for (let i = 0; i < portion; i++)
        if ((await results.next()).done) throw new Error(`the stream ended after ${count} images`);
      return (performance.now() - started) / portion;
    },

    async [Symbol.asyncDispose](): Promise<void> {
      await results.return();
      for (const each of [fitted, backbone]) each.dispose();
      backbone.device.close();
    },
  };
}

/** The cost of an image in a new stream and in one that has scored `count` images, measured in turn, and the memory of each. */
async function images(bench: Bench, count: number): Promise<Row[]> {
  bench.say(`linear ${count} images`);
  const pictures = await drawPictures(2 * WINDOW);
  const turns = bench.quick ? 2 : TURNS;
  const most = count + (turns + 2) * WINDOW;
  await using old = await openStream(pictures, most, bench.signal);
  await old.take(count);
  await using young = await openStream(pictures, most, bench.signal);
  // Covers compilation and reading ahead.
  await young.take(WINDOW);
  const streams = [
    { ...young, before: WINDOW, times: [] as number[] },
    { ...old, before: count, times: [] as number[] },
  ];
  for (let turn = 0; turn < turns; turn++)
    for (const { times, take } of streams) times.push(await take(WINDOW));
  bench.signal.throwIfAborted();
  const rows = streams.map(({ device, before, times }): Row => {
    const timing = summarise(times);
    const { bytes, pooledBytes } = device.memory();
    return {
      case: "linear",
      size: `images ${before + 1} to ${before + turns * WINDOW}`,
      subject: "ours",
      ...timing,
      rate: 1000 / timing.medianMs,
      unit: "images/s",
      note: `device ${Math.round((bytes + pooledBytes) / 1e6)} MB`,
    };
  });
  return withGrowth(rows, [1, 1]);
}

/** The nearest-patch search against more and more prompts. */
function shots(bench: Bench, counts: readonly number[]): Promise<Row[]> {
  const image = { rows: 225, width: 192, blocks: 3 };
  return sweep(bench, "shots", "prompts/s", counts, (shots) =>
    ours("nearest", { ...image, bank: shots * image.rows }, { size: `K = ${shots}` }),
  );
}

/** The image tower on larger and larger images. */
function sizes(bench: Bench, sides: readonly number[]): Promise<Row[]> {
  const patches = sides.map((side) => gridSize(resized(findConfig(MODEL), side).vision) ** 2);
  return sweep(bench, "image size", "patches/s", patches, (count, i) =>
    ours(
      "resizedTower",
      { model: MODEL, imageSize: sides[i] },
      { size: `${sides[i]} pixels, ${count} patches of ${PATCH}` },
    ),
  );
}

/** One task at each count of units. */
async function sweep(
  bench: Bench,
  size: string,
  unit: string,
  counts: readonly number[],
  make: (count: number, i: number) => Contestant,
): Promise<Row[]> {
  const contestants = counts.map((count, i) => ({ ...make(count, i), units: { count, unit } }));
  return withGrowth(await bench.compare({ case: "linear", size, unit: "", contestants }), counts);
}

/** Adds the growth to the last row: the cost of one unit there over its cost in the first row. */
function withGrowth(rows: readonly Row[], counts: readonly number[]): Row[] {
  const cost = rows.map(({ medianMs }, i) => (medianMs ?? Number.NaN) / counts[i]);
  const growth = cost[cost.length - 1] / cost[0];
  return rows.map((row, i) => (i === rows.length - 1 && Number.isFinite(growth) ? { ...row, growth } : row));
}
