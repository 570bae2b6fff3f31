// How often steady lines are called drifted, and how soon drifts of drawn products are named. Writes the tables of docs/watch.md.
//
//   npm run research -- research/drift/run.ts [--part alarms|drifts] [--lines N] [--docs]
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { METHODS } from "@inctrl/baselines";
import type { Raster } from "@inctrl/datasets";
import {
  clopperPearson,
  type DriftBaseline,
  DriftMonitor,
  driftText,
  Encoder,
  fitImages,
  type ImageFacts,
  type ImageItem,
  imageFacts,
  openBackbone,
  readOptions,
  scoreImages,
} from "@inctrl/detect";
import { METHODS as INCTRL } from "@inctrl/inctrl";
import { drawProduct, type ProceduralClass } from "@inctrl/synth";
import { openDevice } from "@inctrl/tensor";
import { generator } from "@inctrl/testing";
import { fillBetween } from "../../bench/src/report/fill.js";
import { markdown } from "../report.js";

const { values } = parseArgs({
  options: {
    lines: { type: "string", default: "100" },
    part: { type: "string" },
    docs: { type: "boolean", default: false },
  },
});
const PAGE = join(import.meta.dirname, "../../docs/watch.md");
const PARTS = 10_000;

interface Part {
  readonly score: number;
  readonly facts: ImageFacts;
}

const FACTS = ["brightness", "contrast", "sharpness", "patches"] as const;

/** Score and facts of real images, as `brainmri.json` has them. */
type Row = readonly [score: number, ...facts: number[]];

const partOf = ([score, ...facts]: Row): Part => ({
  score,
  facts: Object.fromEntries(FACTS.map((name, i) => [name, facts[i]])) as unknown as ImageFacts,
});

/** Parts of a steady line: each lies between two real images whose scores follow each other, all quantities alike. */
function* steady(rows: readonly Row[], seed: number): Generator<Part> {
  const sorted = rows.toSorted(([a], [b]) => a - b);
  const next = generator(seed);
  for (;;) {
    const i = Math.floor(next() * (sorted.length - 1));
    const share = next();
    yield partOf(sorted[i].map((value, k) => value + share * (sorted[i + 1][k] - value)) as unknown as Row);
  }
}

function taken(parts: Generator<Part>, count: number): Part[] {
  return Array.from({ length: count }, () => parts.next().value as Part);
}

const baselineOf = (parts: readonly Part[]): DriftBaseline => ({
  ...{ status: "calibrated", alpha: 0.01, scores: parts.map(({ score }) => score) },
  facts: parts.map(({ facts }) => facts),
});

/** Of so many lines, how many alarm within 10,000 steady parts. */
function falseAlarms(rows: readonly Row[], images: number, lines: number): number {
  let alarms = 0;
  for (let line = 0; line < lines; line++) {
    const parts = steady(rows, 1 + line);
    const monitor = new DriftMonitor(baselineOf(taken(parts, images)));
    for (let part = 0; part < PARTS && !monitor.alarmed; part++) {
      const { score, facts } = parts.next().value as Part;
      monitor.add(score, facts);
    }
    alarms += Number(monitor.alarmed);
  }
  return alarms;
}

const SIZE = 240;
const [GOOD, DRIFTED, WINDOW] = [30, 24, 24];
const draw = (index: number, name: ProceduralClass = "nut"): Raster =>
  drawProduct({ class: name, index, size: SIZE }).image;

const shaded = (image: Raster, of: (value: number) => number): Raster => ({
  ...image,
  data: image.data.map((value) => Math.max(0, Math.min(255, Math.round(of(value))))),
});

/** Each pixel the mean of those at some offsets; edges are repeated. */
function averaged(image: Raster, offsets: readonly (readonly [number, number])[]): Raster {
  const within = (at: number) => Math.max(0, Math.min(SIZE - 1, at));
  const data = image.data.map((_, i) => {
    const [pixel, c] = [Math.floor(i / 3), i % 3];
    const [x, y] = [pixel % SIZE, Math.floor(pixel / SIZE)];
    const sum = offsets.reduce(
      (all, [dx, dy]) => all + image.data[3 * (within(y + dy) * SIZE + within(x + dx)) + c],
      0,
    );
    return sum / offsets.length;
  });
  return { ...image, data };
}

const AROUND = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dx, dy] as const));

const DRIFTS: Readonly<Record<string, (index: number) => Raster>> = {
  "none: steady parts": (i) => draw(i),
  "a lamp of 85%": (i) => shaded(draw(i), (value) => 0.85 * value),
  "a lens out of focus, 3 x 3 pixels": (i) => averaged(draw(i), AROUND),
  "a camera that was pushed by 20 pixels": (i) => averaged(draw(i), [[20, 8]]),
  "another product: leather": (i) => draw(i, "leather"),
};

async function* items(draws: readonly (() => Raster)[]): AsyncGenerator<ImageItem> {
  for (const [i, load] of draws.entries()) yield { id: `${i}`, load: async () => load() };
}

const numbers = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** Each drift of drawn nuts: what it is called, after how many parts, and the line that is said. */
async function namedDrifts(): Promise<string[][]> {
  using device = await openDevice();
  using backbone = await openBackbone(device, "nano", {});
  const method = [...INCTRL, ...METHODS].find(({ name }) => name === "residual")!;
  const detector = method.create(new Encoder(backbone), readOptions(method, {}), null);
  using fitted = await fitImages(detector, items(numbers(0, 4).map((i) => () => draw(i))));
  const parts = async (draws: readonly (() => Raster)[]): Promise<Part[]> => {
    const seen: Part[] = [];
    for await (const result of scoreImages(fitted, items(draws))) {
      if ("error" in result) throw result.error;
      seen.push({ score: result.score, facts: imageFacts(result)! });
    }
    return seen;
  };
  const baseline = baselineOf(await parts(numbers(100, GOOD).map((i) => () => draw(i))));
  const rows: string[][] = [];
  for (const [k, [name, of]] of Object.entries(DRIFTS).entries()) {
    const monitor = new DriftMonitor(baseline, { window: WINDOW });
    let first = 0;
    for (const [i, { score, facts }] of (
      await parts(numbers(1000 * (k + 1), DRIFTED).map((index) => () => of(index)))
    ).entries()) {
      monitor.add(score, facts);
      if (first === 0 && monitor.alarmed) first = i + 1;
    }
    const { state } = monitor;
    console.error(`${name}: ${driftText(state) ?? "steady"}`);
    rows.push([name, state.cause ?? "-", first === 0 ? "-" : String(first)]);
  }
  return rows;
}

/** Fills a place of the page, where that was asked for. */
async function write(title: string, text: string): Promise<void> {
  console.log(text);
  const marks = [`<!-- ${title}: written by research/drift/run.ts --docs -->`, `<!-- /${title} -->`] as const;
  if (values.docs) await fillBetween(PAGE, ...marks, `\n${text}\n\n`);
}

async function writeAlarms(lines: number): Promise<void> {
  const file = await readFile(join(import.meta.dirname, "brainmri.json"), "utf8");
  const { rows } = JSON.parse(file) as { rows: Row[] };
  const alarms = [20, 99, 199].map((images) => {
    const count = falseAlarms(rows, images, lines);
    const { low, high } = clopperPearson(count, lines);
    const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
    console.error(`${images} calibration images: ${count} of ${lines} steady lines alarm`);
    return [String(images), `${count} of ${lines}`, `${percent(low)} to ${percent(high)}`];
  });
  const table = markdown(
    ["calibration images", `lines of ${PARTS} steady parts that alarm`, "95% interval"],
    alarms,
  );
  await write(
    "steady",
    `${table}\nScores and facts are those of 83 normal images of BrainMRI, resampled, without class features.`,
  );
}

async function writeDrifts(): Promise<void> {
  const table = markdown(["drift of drawn nuts", "is called", "after parts"], await namedDrifts());
  const about = `With \`nano\`, ${GOOD} calibration images and a window of ${WINDOW} parts; the watch's own is 100.`;
  await write("drifts", `${table}\n${about}`);
}

if (values.part !== "drifts") await writeAlarms(Number(values.lines));
if (values.part !== "alarms") await writeDrifts();
