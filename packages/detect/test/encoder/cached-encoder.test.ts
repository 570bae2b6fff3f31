import { join } from "node:path";
import { category, dataSet, THREE_SHOT, throwsCode, timeless } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import {
  type Backbone,
  CachedEncoder,
  Encoder,
  evaluate,
  FeatureStore,
  TensorCache,
} from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("cached encoder", (device) => fixtureBackbone(device, THREE_SHOT));

const cached = async (backbone: Backbone, folder: string) =>
  new CachedEncoder(new FeatureStore(backbone, await TensorCache.open(join(folder, "cache")), { batch: 4 }));

for (const symmetries of [1, 8])
  test(`features that are kept give the same numbers again, and those of none within float16; ${symmetries} symmetries`, async ({
    folder,
    backbone,
  }) => {
    const set = dataSet(category("one", { masked: true }), category("two"));
    const run = (encoder: Encoder) =>
      evaluate({ detector: nearestPatch(encoder, { symmetries }), dataSet: set, shots: [1, 2], seeds: 2 });
    const plain = await run(new Encoder(backbone, { batch: 4 }));
    const first = await run(await cached(backbone, folder));
    assert.is(first.settings.features, "kept in float16");
    // A tower that cannot run: all comes from the disk.
    const vision = Object.create(backbone.clip.vision, {
      forward: { value: () => assert.unreachable("encodes again") },
    });
    const idle = Object.create(backbone, { clip: { value: { ...backbone.clip, vision } } }) as Backbone;
    const again = await run(await cached(idle, folder));
    assert.equal(timeless(again), timeless(first));
    for (const [i, { draws }] of plain.categories.entries()) {
      for (const [j, { prompts, scores, metrics }] of draws.entries()) {
        const kept = first.categories[i].draws[j];
        assert.equal(kept.prompts, prompts);
        kept.scores.forEach((score, k) => {
          assert.ok(Math.abs((score as number) - (scores[k] as number)) < 1e-3);
        });
        assert.is(kept.metrics.pixelAuroc === null, metrics.pixelAuroc === null);
        if (metrics.pixelAuroc !== null) {
          assert.ok(Math.abs((kept.metrics.pixelAuroc as number) - metrics.pixelAuroc) < 0.01);
        }
      }
    }
  });

test("images and prompts that cannot be read are left out and told", async ({ folder, backbone }) => {
  const torn = category("torn", {}, (sample) =>
    /(train|bad)\/1$/.test(sample.id) ? { ...sample, load: () => Promise.reject(new Error("torn")) } : sample,
  );
  const told: string[] = [];
  const { categories } = await evaluate({
    ...{ dataSet: dataSet(torn), shots: [5], seeds: 1 },
    detector: nearestPatch(await cached(backbone, folder)),
    onSkipped: ({ id }) => told.push(id),
  });
  const [{ prompts, scores, problem }] = categories[0].draws;
  assert.is(problem, null);
  assert.not(prompts.includes("torn/train/1"));
  assert.equal([prompts.length, scores.filter((score) => score === null).length], [5, 1]);
  assert.equal([...new Set(told)].sort(), ["torn/bad/1", "torn/train/1"]);
});

test("a store of results from features that were kept is not gone on with from others", async ({
  folder,
  backbone,
}) => {
  const run = (encoder: Encoder) =>
    evaluate({
      ...{ detector: nearestPatch(encoder), dataSet: dataSet(category("one")), shots: [1], seeds: 1 },
      store: join(folder, "draws.jsonl"),
    });
  await run(await cached(backbone, folder));
  await throwsCode(
    () => run(new Encoder(backbone)),
    "evaluation",
    /features was "kept in float16" and now is none/,
  );
});

test("a batch is bounded in views, whatever the views of an image", async ({ folder, backbone }) => {
  const { train, test: tests } = category("many");
  const items = [...train, ...tests].map((item) => ({ ...item, symmetries: [0, 1, 2] }));
  const encoder = await cached(backbone, folder);
  const counts: number[] = [];
  for await (using batch of encoder.encode(items)) counts.push(batch.views.length);
  assert.is(
    counts.reduce((sum, count) => sum + count, 0),
    3 * items.length,
  );
  assert.ok(items.length > encoder.batch, `${items.length} images, ${encoder.batch} views a batch`);
  assert.ok(Math.max(...counts) < encoder.batch + 3, `${counts}`);
});

test("views, places and ends are those of an encoder without a store", async ({ folder, backbone }) => {
  const { train, test: tests } = category("places");
  const broken = { ...train[0], id: "broken", load: () => Promise.reject(new Error("torn")) };
  const items = [...train, broken, ...tests].map((item, i) =>
    i === 2 ? { ...item, symmetries: [0, 3] } : item,
  );
  const seen = async (encoder: Encoder) => {
    const found: { views: unknown[]; ended: unknown[] } = { views: [], ended: [] };
    for await (const { views, ended, dispose } of encoder.encode(items)) {
      found.views.push(...views);
      found.ended.push(...ended.map(({ image, item, error }) => [image, item.id, error?.message]));
      dispose();
    }
    return found;
  };
  assert.equal(await seen(await cached(backbone, folder)), await seen(new Encoder(backbone, { batch: 3 })));
});

test.run();
