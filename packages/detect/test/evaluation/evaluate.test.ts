import { drawPrompts, type Sample } from "@inctrl/datasets";
import type { Device } from "@inctrl/tensor";
import { category, dataSet, maxError, THREE_SHOT, throwsCode, timeless } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { upsampleMap } from "../../src/heatmap/resample.js";
import {
  auroc,
  averagePrecision,
  type Detector,
  Encoder,
  type EncoderOptions,
  type EvaluateOptions,
  evaluate,
  type FittedDetector,
  f1Max,
  fitImages,
  pixelMetrics,
} from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("evaluate");

/** An evaluation on the small fixture. */
async function run(device: Device, options: Omit<EvaluateOptions, "detector">, more: EncoderOptions = {}) {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  return await evaluate({ detector: nearestPatch(new Encoder(backbone, more)), ...options });
}

test("draws, scores and metrics are those of the parts put together by hand", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const one = category("one", { masked: true });
  const detector = nearestPatch(new Encoder(backbone, { batch: 4 }));
  const evaluation = await evaluate({ detector, dataSet: dataSet(one), shots: [2, 1, 2], seeds: 2 });
  assert.equal([evaluation.shots, evaluation.seeds, evaluation.complete], [[1, 2], [0, 1], true]);
  const { draws, labels } = evaluation.categories[0];
  assert.equal(
    draws.map(({ shots, seed }) => [shots, seed]),
    [
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ],
  );
  for (const { shots, seed, prompts, scores, metrics, seconds } of draws) {
    const chosen = drawPrompts(one.train, shots, seed ?? undefined);
    assert.equal(
      prompts,
      chosen.map(({ id }) => id),
    );
    using fitted = await fitImages(detector, chosen);
    const expected = await scoreWith(fitted, one.test);
    const values = scores as number[];
    assert.ok(
      maxError(
        values,
        expected.map(({ score }) => score),
      ) < 1e-6,
    );
    const best = f1Max(labels, values);
    assert.is(metrics.auroc, auroc(labels, values));
    assert.is(metrics.auprc, averagePrecision(labels, values));
    assert.equal([metrics.f1Max, metrics.threshold], [best?.f1, best?.threshold]);
    assert.ok(seconds > 0);

    const side = backbone.config.preprocess.size;
    const at = (i: number) => Math.floor(((i + 0.5) / side) * 24);
    const mask = Uint8Array.from({ length: side * side }, (_, i) =>
      at(i % side) < 8 && at(Math.floor(i / side)) < 8 ? 1 : 0,
    );
    const maps = expected.map(({ map }, i) => ({
      ...{ width: side, height: side, mask: labels[i] === 1 ? mask : null },
      scores: upsampleMap(map.values, map.columns, map.rows, side, side),
    }));
    const pixels = pixelMetrics(maps);
    assert.ok(Math.abs((metrics.pixelAuroc as number) - (pixels.auroc as number)) < 1e-4);
    assert.ok(Math.abs((metrics.aupro as number) - (pixels.aupro as number)) < 1e-3);
  }
});

test("without seeds the prompts are the first by name; without masks there are no pixel metrics", async ({
  device,
}) => {
  const one = category("one");
  const backwards = { ...one, train: one.train.toReversed() };
  const { categories, seeds } = await run(device, { dataSet: dataSet(backwards), shots: [2], seeds: 0 });
  assert.equal(seeds, [null]);
  const [{ prompts, seed, metrics }] = categories[0].draws;
  assert.equal([seed, prompts], [null, ["one/train/0", "one/train/1"]]);
  assert.equal([metrics.pixelAuroc, metrics.aupro], [null, null]);
});

test("neither the batch nor the memory given changes a number; tiles are joined by their largest score", async ({
  device,
}) => {
  const wide = (each: Sample): Sample => ({
    ...each,
    load: async () => {
      const { data } = await each.load();
      return { width: 48, height: 12, mode: "RGB", data };
    },
  });
  const options = {
    dataSet: dataSet(category("one", {}, wide)),
    shots: [1, 2],
    seeds: 1,
  };
  const whole = await run(device, options, { fit: "tile" });
  const parts = await run(device, { ...options, featureBytes: 1 }, { fit: "tile", batch: 3 });
  for (const [i, { scores }] of whole.categories[0].draws.entries()) {
    const error = maxError(scores as number[], parts.categories[0].draws[i].scores as number[]);
    assert.ok(error < 1e-6, `draw ${i}: ${error}`);
  }
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const [first] = options.dataSet.categories;
  const detector = nearestPatch(new Encoder(backbone, { fit: "tile" }));
  using fitted = await fitImages(detector, [drawPrompts(first.train, 1, 0)[0]]);
  const tiles = await scoreWith(fitted, [first.test[0]]);
  assert.is(tiles.length, 4);
  const best = Math.max(...tiles.map(({ score }) => score));
  assert.ok(Math.abs((whole.categories[0].draws[0].scores[0] as number) - best) < 1e-6);
});

test("a prompt is searched once, in however many draws it is", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const trace = device.trace();
  await evaluate({
    detector: nearestPatch(new Encoder(backbone, { batch: 100 })),
    ...{ dataSet: dataSet(category("one", { train: 3 })), shots: [1, 2, 3], seeds: 3 },
  });
  const { kernels } = await trace.stop();
  const searches = kernels.filter(({ kernel }) => kernel === "nearest merge");
  assert.is(searches.length, 1);
  assert.is(searches[0].calls, 3 * backbone.config.outBlocks.length);
});

test("a category of one class says so, and the others are measured", async ({ device }) => {
  const { categories, complete } = await run(device, {
    dataSet: dataSet(
      category("normal", { bad: 0 }),
      category("odd", { good: 0 }),
      category("none", { good: 0, bad: 0 }),
      category("both"),
    ),
    ...{ shots: [1], seeds: 1 },
  });
  assert.equal(
    categories.map(({ problem, draws }) => [problem, draws.length]),
    [
      ["only normal test images", 0],
      ["only anomalous test images", 0],
      ["no test images", 0],
      [null, 1],
    ],
  );
  assert.ok(complete);
});

test("images that cannot be read are named and left out; the next prompt of the draw stands in", async ({
  device,
}) => {
  const one = category("one");
  const [first, second, third] = drawPrompts(one.train, 3, 0);
  const broken = (each: Sample): Sample => ({
    ...each,
    load: () => Promise.reject(new Error(`${each.id}: torn`)),
  });
  const torn = {
    ...one,
    train: one.train.map((each) => (each === first ? broken(each) : each)),
    test: one.test.map((each, i) => (i === 2 ? broken(each) : each)),
  };
  const heard: string[] = [];
  const { categories } = await run(device, {
    ...{
      dataSet: dataSet(torn),
      shots: [2],
      seeds: 1,
      onSkipped: ({ id, category }) => heard.push(`${category}: ${id}`),
    },
  });
  const [{ prompts, scores, metrics }] = categories[0].draws;
  assert.equal(prompts, [second.id, third.id]);
  assert.equal(
    scores.map((score) => score === null),
    [false, false, true, false, false, false, false, false, false],
  );
  assert.ok(metrics.auroc !== null);
  assert.equal(
    categories[0].skipped.map(({ id, reason }) => `${id}: ${reason}`),
    [`${first.id}: ${first.id}: torn`, "one/good/2: one/good/2: torn"],
  );
  assert.equal(heard, [`one: ${first.id}`, "one: one/good/2"]);
});

test("an image without a finite score is named and left out; the others are measured", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const inner = nearestPatch(new Encoder(backbone, { batch: 4 }));
  const detector: Detector = {
    ...inner,
    async fit(prompts) {
      const fitted = await inner.fit(prompts);
      const spoil = async (...args: Parameters<FittedDetector["score"]>) =>
        (await fitted.score(...args)).map((found, i) => (i === 1 ? { ...found, score: Number.NaN } : found));
      return { ...fitted, score: spoil, [Symbol.dispose]: () => fitted.dispose() };
    },
  };
  const { categories } = await evaluate({
    detector,
    dataSet: dataSet(category("one")),
    shots: [1],
    seeds: 1,
  });
  const [{ scores, metrics, skipped }] = categories[0].draws;
  // Nine images in batches of four: the second of each has none.
  assert.equal(
    scores.map((score) => score === null),
    [false, true, false, false, false, true, false, false, false],
  );
  assert.ok(metrics.auroc !== null);
  assert.equal(
    skipped.map(({ reason }) => reason),
    ["one/good/1", "one/bad/1"].map((id) => `${id}: the model gives no finite score; check its weights`),
  );
});

test("fewer normal images than prompts, or one readable class, is a problem of the draw alone", async ({
  device,
}) => {
  const broken = (each: Sample): Sample =>
    each.label === 1 ? { ...each, load: () => Promise.reject(new Error("torn")) } : each;
  const { categories, complete } = await run(device, {
    dataSet: dataSet(category("few", { train: 1 }), category("torn", { train: 2 }, broken)),
    ...{ shots: [1, 2], seeds: 1 },
  });
  assert.equal(
    categories.flatMap(({ draws }) => draws.map(({ problem, metrics }) => [problem, metrics.auroc === null])),
    [
      [null, false],
      ["1 normal training image for 2 prompts", true],
      ["only normal test images", true],
      ["only normal test images", true],
    ],
  );
  assert.ok(complete);
});

test("options that make no sense are refused", async ({ device }) => {
  const data = dataSet(category("one"));
  const refused = (options: Partial<EvaluateOptions>, text: RegExp) =>
    throwsCode(() => run(device, { dataSet: data, shots: [1], seeds: 1, ...options }), "evaluation", text);
  await refused({ shots: [] }, /shots are missing/);
  await refused({ shots: [2, 0] }, /shots 0: give whole numbers from 1/);
  await refused({ seeds: 1.5 }, /1\.5 seeds/);
});

test("two runs give the same", async ({ device }) => {
  const options = {
    dataSet: dataSet(category("one"), category("two", { masked: true })),
    shots: [1],
    seeds: 2,
  };
  assert.equal(timeless(await run(device, options)), timeless(await run(device, options)));
});

test.run();
