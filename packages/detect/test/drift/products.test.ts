import type { Raster } from "@inctrl/datasets";
import { drawProduct, type ProceduralClass } from "@inctrl/synth";
import type { Device } from "@inctrl/tensor";
import { deviceTests, smallBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import {
  type DriftCause,
  DriftMonitor,
  driftText,
  Encoder,
  fitImages,
  type ImageItem,
  imageFacts,
  scoreImages,
} from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("drift of drawn products");
const SIZE = 32;
/** Images of the calibration, and parts of each drift. */
const [GOOD, PARTS, WINDOW] = [60, 60, 40];

const draw = (index: number, name: ProceduralClass = "nut") =>
  drawProduct({ class: name, index, size: SIZE }).image;

const shaded = (image: Raster, of: (value: number) => number): Raster => ({
  ...image,
  data: image.data.map((value) => Math.max(0, Math.min(255, Math.round(of(value))))),
});

/** Each pixel the mean of those at some offsets; the image is repeated at its edges. */
function averaged(image: Raster, offsets: readonly (readonly [number, number])[]): Raster {
  const at = (x: number, y: number, c: number) =>
    image.data[3 * (((y + SIZE) % SIZE) * SIZE + ((x + SIZE) % SIZE)) + c];
  const data = image.data.map((_, i) => {
    const [pixel, c] = [Math.floor(i / 3), i % 3];
    const [x, y] = [pixel % SIZE, Math.floor(pixel / SIZE)];
    return offsets.reduce((sum, [dx, dy]) => sum + at(x + dx, y + dy, c), 0) / offsets.length;
  });
  return { ...image, data };
}

const AROUND = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dx, dy] as const));

/** What happens to a line, and what it is called. */
const DRIFTS: Readonly<Record<string, readonly [DriftCause, (index: number) => Raster]>> = {
  "a lamp of 85%": ["light", (i) => shaded(draw(i), (value) => 0.85 * value)],
  "a lamp of 115%": ["light", (i) => shaded(draw(i), (value) => 1.15 * value)],
  "stray light": ["light", (i) => shaded(draw(i), (value) => 0.8 * value + 30)],
  "a lens out of focus": ["camera", (i) => averaged(draw(i), AROUND)],
  "a camera that was pushed": ["camera", (i) => averaged(draw(i), [[5, 3]])],
  "another product": ["product", (i) => draw(i, "leather")],
};

async function* items(draws: readonly (() => Raster)[]): AsyncGenerator<ImageItem> {
  for (const [i, load] of draws.entries()) yield { id: `${i}`, load: async () => load() };
}

/** Scores and facts of drawn parts, by a small network fitted with four of them. */
async function line(device: Device, draws: readonly (() => Raster)[]) {
  using backbone = await smallBackbone(device);
  const prompts = items([0, 1, 2, 3].map((i) => () => draw(i)));
  using fitted = await fitImages(nearestPatch(new Encoder(backbone)), prompts);
  const seen: { score: number; facts: NonNullable<ReturnType<typeof imageFacts>> }[] = [];
  for await (const result of scoreImages(fitted, items(draws))) {
    if ("error" in result) throw result.error;
    seen.push({ score: result.score, facts: imageFacts(result)! });
  }
  return seen;
}

test("each drift is named within 60 parts, and steady parts are not", async ({ device }) => {
  const numbers = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  const kinds = Object.values(DRIFTS);
  const seen = await line(device, [
    ...numbers(100, GOOD + PARTS).map((i) => () => draw(i)),
    ...kinds.flatMap(([, of], k) => numbers(1000 * (k + 1), PARTS).map((i) => () => of(i))),
  ]);
  const good = seen.slice(0, GOOD);
  const after = (first: number) => {
    const baseline = { scores: good.map(({ score }) => score), facts: good.map(({ facts }) => facts) };
    const monitor = new DriftMonitor({ status: "provisional", alpha: 0.01, ...baseline }, { window: WINDOW });
    for (const { score, facts } of seen.slice(first, first + PARTS)) monitor.add(score, facts);
    return monitor.state;
  };
  assert.is(driftText(after(GOOD)), null);
  for (const [k, [name, [cause]]] of Object.entries(DRIFTS).entries()) {
    const state = after(GOOD + (k + 1) * PARTS);
    assert.is(state.cause, cause, `${name}: ${driftText(state)}\n${JSON.stringify(state.tests)}`);
  }
});

test.run();
