import { findConfig, gridSize } from "@inctrl/clip";
import { PromptBank, randomBackbone, readPrompts, Scorer, scoreImages } from "@inctrl/inctrl";
import { openDevice } from "@inctrl/tensor";
import type { Bench, Contestant } from "../bench.js";
import type { Case, Row } from "../case.js";
import { summarise } from "../measure.js";
import { withPictures } from "../pictures.js";
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

/** Images whose costs are put together in one figure, so that batches do not show. */
const WINDOW = 8;

/** One stream of images: what those around the tenth cost and what the last cost, and the memory then. */
async function images(bench: Bench, count: number): Promise<Row[]> {
  bench.say(`linear ${count} images`);
  const windows = await withPictures(2 * WINDOW, async (pictures) => {
    const device = await openDevice();
    const backbone = await randomBackbone(device, findConfig(MODEL), 0);
    const bank = await PromptBank.encode(
      backbone,
      await readPrompts(pictures.prompts.slice(0, 2), backbone, "crop"),
    );
    const scorer = new Scorer({ backbone, bank });
    const paths = Array.from({ length: count }, (_, i) => pictures.images[i % pictures.images.length]);
    const marks = [{ at: performance.now(), ...memoryNow() }];
    let done = 0;
    for await (const result of scoreImages(scorer, paths, { signal: bench.signal })) {
      if ("error" in result) throw result.error;
      if (++done % WINDOW === 0) marks.push({ at: performance.now(), ...memoryNow() });
    }
    bench.signal.throwIfAborted();
    for (const each of [scorer, bank, backbone]) each.dispose();
    device.close();
    return marks.slice(1).map((mark, i) => ({ ...mark, ms: (mark.at - marks[i].at) / WINDOW }));

    function memoryNow() {
      const { bytes, pooledBytes } = device.memory();
      return { device: bytes + pooledBytes, host: process.memoryUsage().rss };
    }
  });
  // The first windows also compile.
  const share = Math.max(1, Math.floor(windows.length / 10));
  const early = windows.slice(1, 1 + share);
  const late = windows.slice(-share);
  const row = (size: string, some: typeof windows): Row => {
    const timing = summarise(some.map(({ ms }) => ms));
    const { device, host } = some[some.length - 1];
    return {
      case: "linear",
      size,
      subject: "ours",
      ...timing,
      rate: 1000 / timing.medianMs,
      unit: "images/s",
      note: `device ${megabytes(device)}, process ${megabytes(host)}`,
    };
  };
  const rows = [row(`image ${WINDOW * (1 + share)}`, early), row(`image ${count}`, late)];
  return withGrowth(rows, [1, 1]);
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

/** Adds to the last row what one costs there over what one costs in the first. */
function withGrowth(rows: readonly Row[], counts: readonly number[]): Row[] {
  const cost = rows.map(({ medianMs }, i) => (medianMs === null ? Number.NaN : medianMs / counts[i]));
  const growth = cost[cost.length - 1] / cost[0];
  return rows.map((row, i) => (i === rows.length - 1 && Number.isFinite(growth) ? { ...row, growth } : row));
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
