import { join } from "node:path";
import * as assert from "uvu/assert";
import { type Backbone, evaluate, FeatureCache, FeatureStore } from "../../src/index.js";
import { deviceTests, fixtureBackbone, THREE_SHOT, throwsCode } from "../support.js";
import { category, dataSet, timeless } from "./support.js";

const test = deviceTests("stored");

const storeOf = async (backbone: Backbone, folder: string) =>
  new FeatureStore(backbone, await FeatureCache.open(join(folder, "cache")), { batch: 4 });

for (const turns of [1, 8] as const)
  test(`features that are kept give the same numbers again, and those of none within float16; ${turns} turns`, async ({
    device,
    folder,
  }) => {
    using backbone = await fixtureBackbone(device, THREE_SHOT);
    Object.assign(backbone, { config: { ...backbone.config, promptSymmetries: turns } });
    const set = dataSet(category("one", { masked: true }), category("two"));
    const options = { backbone, dataSet: set, shots: [1, 2], seeds: 2, batch: 4 };
    const plain = await evaluate(options);
    const first = await evaluate({ ...options, features: await storeOf(backbone, folder) });
    // A tower that cannot run: all comes from the disk.
    const vision = Object.create(backbone.clip.vision, {
      forward: { value: () => assert.unreachable("encodes again") },
    });
    const idle = Object.create(backbone, { clip: { value: { ...backbone.clip, vision } } }) as Backbone;
    const store = await storeOf(idle, folder);
    const again = await evaluate({ ...options, backbone: idle, batch: 3, features: store });
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

test("images and prompts that cannot be read are left out and told", async ({ device, folder }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const torn = category("torn", {}, (sample) =>
    /(train|bad)\/1$/.test(sample.id) ? { ...sample, load: () => Promise.reject(new Error("torn")) } : sample,
  );
  const told: string[] = [];
  const { categories } = await evaluate({
    ...{ backbone, dataSet: dataSet(torn), shots: [5], seeds: 1 },
    features: await storeOf(backbone, folder),
    onSkipped: ({ id }) => told.push(id),
  });
  const [{ prompts, scores, problem }] = categories[0].draws;
  assert.is(problem, null);
  assert.not(prompts.includes("torn/train/1"));
  assert.equal([prompts.length, scores.filter((score) => score === null).length], [5, 1]);
  assert.equal([...new Set(told)].sort(), ["torn/bad/1", "torn/train/1"]);
});

test("features of another backbone or fit are refused", async ({ device, folder }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const features = await storeOf(backbone, folder);
  const options = { backbone, dataSet: dataSet(category("one")), shots: [1], seeds: 1, features };
  await throwsCode(() => evaluate({ ...options, fit: "tile" }), "evaluation", /another fit/);
});

test.run();
