import { prepareImage } from "@inctrl/clip";
import { drawPrompts, type Sample } from "@inctrl/datasets";
import { encodeViews, upsampleMap } from "@inctrl/detect";
import { type Device, type Tensor, tensor } from "@inctrl/tensor";
import * as assert from "uvu/assert";
import { meanOfLargest } from "../../src/evaluation/components.js";
import {
  auroc,
  averagePrecision,
  type Backbone,
  type Component,
  type EvaluateOptions,
  evaluate,
  f1Max,
  Heads,
  PromptBank,
  pixelMetrics,
  runModel,
  Scorer,
} from "../../src/index.js";
import { deviceTests, fixtureBackbone, maxError, PATCH14, THREE_SHOT, throwsCode } from "../support.js";
import { category, dataSet, timeless } from "./support.js";

const test = deviceTests("evaluate");

/** An evaluation on the small fixture; gives what a test wants of it. */
async function run(device: Device, options: Omit<EvaluateOptions, "backbone">) {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  return await evaluate({ backbone, ...options });
}

const viewsOf = async ({ load }: Sample, { config }: Backbone) =>
  prepareImage(await load(), config.preprocess);

async function encodeBank(backbone: Backbone, prompts: readonly Sample[]): Promise<PromptBank> {
  const named = prompts.map(async (prompt) => ({ name: prompt.id, views: await viewsOf(prompt, backbone) }));
  return PromptBank.encode(backbone, await Promise.all(named));
}

test("draws, scores and metrics are those of the parts put together by hand", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const one = category("one", { masked: true });
  const evaluation = await evaluate({
    backbone,
    dataSet: dataSet(one),
    shots: [2, 1, 2],
    seeds: 2,
    batch: 4,
  });
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
    using bank = await encodeBank(backbone, chosen);
    using scorer = new Scorer({ backbone, bank });
    const views = await Promise.all(one.test.map((each) => viewsOf(each, backbone)));
    const expected = await scorer.score(views.flat());
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
    const maps = expected.map(({ map, grid }, i) => ({
      ...{ width: side, height: side, mask: labels[i] === 1 ? mask : null },
      scores: upsampleMap(map, grid, grid, side, side),
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
    fit: "tile",
  } as const;
  const whole = await run(device, options);
  const parts = await run(device, { ...options, batch: 3, featureBytes: 1 });
  for (const [i, { scores }] of whole.categories[0].draws.entries()) {
    const error = maxError(scores as number[], parts.categories[0].draws[i].scores as number[]);
    assert.ok(error < 1e-6, `draw ${i}: ${error}`);
  }
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const [first] = options.dataSet.categories;
  using bank = await PromptBank.encode(
    backbone,
    [
      {
        name: "",
        views: prepareImage(
          await drawPrompts(first.train, 1, 0)[0].load(),
          backbone.config.preprocess,
          "tile",
        ),
      },
    ],
    { fit: "tile" },
  );
  using scorer = new Scorer({ backbone, bank });
  const tiles = prepareImage(await first.test[0].load(), backbone.config.preprocess, "tile");
  assert.is(tiles.length, 4);
  const best = Math.max(...(await scorer.score(tiles)).map(({ score }) => score));
  assert.ok(Math.abs((whole.categories[0].draws[0].scores[0] as number) - best) < 1e-6);
});

test("a prompt is searched once, in however many draws it is", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const trace = device.trace();
  await evaluate({
    ...{ backbone, dataSet: dataSet(category("one", { train: 3 })) },
    ...{ shots: [1, 2, 3], seeds: 3, batch: 100 },
  });
  const { kernels } = await trace.stop();
  const searches = kernels.filter(({ kernel }) => kernel === "nearest merge");
  assert.is(searches.length, 1);
  assert.is(searches[0].calls, 3 * backbone.config.outBlocks.length);
});

test("every subset of the components, against the model's own parts", async ({ device }) => {
  using backbone = await fixtureBackbone(device);
  using heads = await Heads.load(`${PATCH14}/inctrl.pyth`, device);
  const one = category("one", { good: 1, bad: 1, train: 2 });
  const { embedDim } = backbone.config;
  using prototypes = tensor(
    device,
    Float32Array.from({ length: 2 * embedDim }, (_, i) => Math.sin(i * i)),
    [2, embedDim],
  );
  backbone.prototypes = async () => prototypes;
  assert.ok(backbone.hasText);
  using bank = await encodeBank(backbone, drawPrompts(one.train, 1, 0));
  using promptFeature = heads.promptFeature(bank.features);
  const views = (await Promise.all(one.test.map((each) => viewsOf(each, backbone)))).flat();
  const encoded = encodeViews(backbone, views);
  const full = runModel(encoded.features, encoded.taps, {
    ...{ banks: bank.blocks, heads, promptFeature, prototypes, alpha: 0.5 },
  });
  const alone = runModel(encoded.features, encoded.taps, {
    banks: bank.blocks,
    heads,
    promptFeature,
    alpha: 0.5,
  });
  const read = async (t: Tensor | null) => [...((await t?.data()) ?? [])];
  const [p, i, t] = [await read(full.residual), await read(full.imageScore), await read(full.textScore)];
  const means = (a: number[], b: number[]) => a.map((value, at) => (value + b[at]) / 2);
  const expected: [string, number[]][] = [
    ["P", p],
    ["I", i],
    ["T", t],
    ["I,T", means(i, t)],
    ["P,I", await read(alone.score)],
    ["P,I,T", await read(full.score)],
  ];
  const options = { backbone, heads, dataSet: dataSet(one), shots: [1], seeds: 1, alpha: 0.5 };
  const scoresOf = async (wanted: string | undefined, more: Partial<EvaluateOptions> = {}) => {
    const components = wanted?.split(",") as Component[] | undefined;
    const { categories } = await evaluate({ ...options, components, ...more });
    return categories[0].draws[0].scores as number[];
  };
  for (const [wanted, values] of expected) {
    assert.ok(maxError(await scoresOf(wanted), values) < 2e-6, wanted);
  }
  assert.equal(await scoresOf(undefined), await scoresOf("T,I,P"), "all by default, in any order");
  const fusedText = await scoresOf("P,T");
  const differs = (other: number[]) => assert.ok(maxError(fusedText, other) > 1e-4);
  for (const [, values] of expected) differs(values);
  assert.ok(maxError(await scoresOf("P,T", { heads: undefined }), means(p, t)) < 2e-6);
  assert.ok(
    maxError(await scoresOf(undefined, { heads: undefined }), p) < 2e-6,
    "P by default without heads",
  );

  const map = await full.residuals.map.data();
  const patches = map.length / 2;
  const top3 = [0, 1].map((at) => meanOfLargest(map.slice(at * patches, (at + 1) * patches), 3));
  assert.ok(maxError(await scoresOf("P", { aggregate: "top3" }), top3) < 2e-6);
  assert.ok(maxError(top3, p) > 1e-5);
  await throwsCode(() => scoresOf("I", { heads: undefined }), "heads", /component I needs trained heads/);
  await throwsCode(() => scoresOf("P", { aggregate: "top26" }), "evaluation", /top1 to top25/);
  await throwsCode(() => scoresOf("P", { aggregate: "top" as "max" }), "evaluation", /top1 to top25/);
  for (const held of [encoded.features, ...encoded.taps]) held.dispose();
  for (const output of [full, alone]) {
    const { residuals, ...rest } = output;
    for (const held of [...Object.values(residuals), ...Object.values(rest)]) held?.dispose();
  }
});

test("the mean of the largest values; NaN is never hidden", () => {
  assert.is(meanOfLargest(Float32Array.of(3, 1, 2), 1), 3);
  assert.is(meanOfLargest(Float32Array.of(3, 1, 2), 2), 2.5);
  assert.ok(Number.isNaN(meanOfLargest(Float32Array.of(3, Number.NaN, 2), 1)));
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
  const refused = (options: Partial<EvaluateOptions>, text: RegExp, code = "evaluation") =>
    throwsCode(() => run(device, { dataSet: data, shots: [1], seeds: 1, ...options }), code, text);
  await refused({ shots: [] }, /shots are missing/);
  await refused({ shots: [2, 0] }, /shots 0: give whole numbers from 1/);
  await refused({ seeds: 1.5 }, /1\.5 seeds/);
  await refused({ components: [] }, /choose some of P, I and T/);
  await refused({ components: ["I"] }, /needs trained heads/, "heads");
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
