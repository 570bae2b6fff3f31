import { findConfig, gridSize } from "@inctrl/clip";
import {
  Encoder,
  fileImages,
  fitImages,
  type ImageFailure,
  type ImageScore,
  randomBackbone,
  scoreImages,
} from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { type Device, openDevice } from "@inctrl/tensor";
import type { Bench, Contestant } from "../bench.js";
import type { Case, Row } from "../case.js";
import { summarise } from "../measure.js";
import { type Pictures, withPictures } from "../pictures.js";
import { resized } from "../towers.js";

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

type Scored = ImageScore | ImageFailure;

/** A stream of images that is scored in portions. */
class Stream implements AsyncDisposable {
  readonly device: Device;
  readonly #results: AsyncIterator<Scored>;
  readonly #held: readonly { dispose(): void }[];
  done = 0;

  private constructor(device: Device, results: AsyncIterator<Scored>, held: readonly { dispose(): void }[]) {
    this.device = device;
    this.#results = results;
    this.#held = held;
  }

  static async open({ images, prompts }: Pictures, count: number, signal: AbortSignal): Promise<Stream> {
    const device = await openDevice();
    const backbone = await randomBackbone(device, findConfig(MODEL), 0);
    const fitted = await fitImages(residual(new Encoder(backbone)), fileImages(prompts.slice(0, 2)));
    const paths = Array.from({ length: count }, (_, i) => images[i % images.length]);
    const results = scoreImages(fitted, fileImages(paths), { signal })[Symbol.asyncIterator]();
    return new Stream(device, results, [fitted, backbone]);
  }

  /** Scores `count` more images. @returns the milliseconds of one. */
  async take(count: number): Promise<number> {
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      const { value, done } = await this.#results.next();
      if (done) throw new Error(`the stream ended after ${this.done} images`);
      if ("error" in value) throw value.error;
      this.done++;
    }
    return (performance.now() - started) / count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#results.return?.();
    for (const each of this.#held) each.dispose();
    this.device.close();
  }
}

/** The cost of an image in a new stream and in one that has scored `count` images, measured in turn, and the memory of each. */
async function images(bench: Bench, count: number): Promise<Row[]> {
  bench.say(`linear ${count} images`);
  return withPictures(2 * WINDOW, async (pictures) => {
    const turns = bench.quick ? 2 : TURNS;
    const most = count + (turns + 2) * WINDOW;
    await using old = await Stream.open(pictures, most, bench.signal);
    await old.take(count);
    await using young = await Stream.open(pictures, most, bench.signal);
    // Covers compilation and reading ahead.
    await young.take(WINDOW);
    const streams = [young, old];
    const times: number[][] = [[], []];
    const first = streams.map(({ done }) => done + 1);
    for (let turn = 0; turn < turns; turn++) {
      for (const [i, stream] of streams.entries()) times[i].push(await stream.take(WINDOW));
    }
    bench.signal.throwIfAborted();
    const rows = streams.map((stream, i): Row => {
      const timing = summarise(times[i]);
      const { bytes, pooledBytes } = stream.device.memory();
      return {
        case: "linear",
        size: `images ${first[i]} to ${stream.done}`,
        subject: "ours",
        ...timing,
        rate: 1000 / timing.medianMs,
        unit: "images/s",
        note: `device ${megabytes(bytes + pooledBytes)}`,
      };
    });
    return withGrowth(rows, [1, 1]);
  });
}

/** The nearest-patch search against more and more prompts. */
async function shots(bench: Bench, counts: readonly number[]): Promise<Row[]> {
  const image = { rows: 225, width: 192, blocks: 3 };
  return sweep(
    bench,
    "shots",
    counts,
    counts.map((shots) => ({
      subject: "ours",
      process: "ours",
      task: "nearest",
      sizes: { ...image, bank: shots * image.rows },
      size: `K = ${shots}`,
      units: { count: shots, unit: "prompts/s" },
    })),
  );
}

/** The image tower on larger and larger images. */
async function sizes(bench: Bench, sides: readonly number[]): Promise<Row[]> {
  const patches = sides.map((side) => gridSize(resized(findConfig(MODEL), side).vision) ** 2);
  return sweep(
    bench,
    "image size",
    patches,
    sides.map((imageSize, i) => ({
      subject: "ours",
      process: "ours",
      task: "resizedTower",
      sizes: { model: MODEL, imageSize },
      size: `${imageSize} pixels, ${patches[i]} patches of ${PATCH}`,
      units: { count: patches[i], unit: "patches/s" },
    })),
  );
}

async function sweep(
  bench: Bench,
  size: string,
  counts: readonly number[],
  contestants: readonly Contestant[],
): Promise<Row[]> {
  return withGrowth(await bench.compare({ case: "linear", size, unit: "", contestants }), counts);
}

/** Adds the growth to the last row: the cost of one unit there over its cost in the first row. */
function withGrowth(rows: readonly Row[], counts: readonly number[]): Row[] {
  const cost = rows.map(({ medianMs }, i) => (medianMs === null ? Number.NaN : medianMs / counts[i]));
  const growth = cost[cost.length - 1] / cost[0];
  return rows.map((row, i) => (i === rows.length - 1 && Number.isFinite(growth) ? { ...row, growth } : row));
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
