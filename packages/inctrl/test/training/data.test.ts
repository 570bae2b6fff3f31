import { join } from "node:path";
import type { Category } from "@inctrl/datasets";
import { FeatureStore, gatherData, TensorCache, textKey, textScore, VitBackbone } from "@inctrl/detect";
import { keep, scope, type Tensor, tensor } from "@inctrl/tensor";
import { generator, product, throwsCode } from "@inctrl/testing";
import { storeTests } from "@inctrl/testing/store";
import * as assert from "uvu/assert";
import { PairResiduals } from "../../src/training/pairs.js";
import { TRAIN_DEFAULTS, Trainer } from "../../src/training/trainer.js";
import { category, tinyCategories } from "./support.js";

const test = storeTests("training data");
const OPTIONS = { shots: 2, seed: 0, holdOut: ["wood"] };

/** A backbone that has a text for every class name: two seeded directions. */
class Texted extends VitBackbone {
  readonly made = new Map<string, Tensor>();

  override get hasText(): boolean {
    return true;
  }

  override async prototypes(name: string): Promise<Tensor> {
    const next = generator(name.length);
    const values = Float32Array.from({ length: 2 * 32 }, () => 0.2 * (next() - 0.5));
    const made = this.made.get(name) ?? keep(tensor(this.device, values, [2, 32]));
    this.made.set(name, made);
    return made;
  }

  override dispose(): void {
    for (const made of this.made.values()) made.dispose();
    super.dispose();
  }
}

test("train and test parts are trained on together; what is held out is not, and has fixed prompts", async ({
  store,
}) => {
  const data = await gatherData(store, tinyCategories(), OPTIONS);
  assert.equal(data.categories, ["fabric", "leather", "metal", "wood"]);
  assert.is(data.items.length, 3 * 13);
  assert.is(data.items.filter(({ label }) => label === 1).length, 15);
  assert.ok(data.items.every((item) => item.category < 3));
  const [held] = data.holdOut;
  assert.is(held.name, "wood");
  assert.equal(
    held.queries.map(({ label }) => label),
    [0, 0, 1, 1, 1, 1, 1],
  );
  assert.is(new Set(held.queries.map(({ prompts }) => `${prompts}`)).size, 1);
  assert.equal(
    held.queries[0].prompts.map((prompt) => data.names.get(prompt)),
    held.prompts,
  );
  assert.is(data.text, null);
  const crossed = await gatherData(store, tinyCategories(), { ...OPTIONS, negatives: 2 });
  const added = crossed.items.slice(data.items.length);
  assert.is(added.length, 3 * 2);
  const normals = data.items.filter(({ label }) => label === 0);
  for (const { image, label, category } of added) {
    assert.is(label, 1);
    assert.ok(normals.some((item) => item.image === image && item.category !== category));
  }
  assert.is.not(crossed.hash, data.hash);
  await throwsCode(
    () => gatherData(store, tinyCategories(), { ...OPTIONS, holdOut: ["woood"] }),
    "training",
    /"woood": there is no such category; choose of fabric, leather, metal, wood/,
  );
});

test("the hash follows content and part, not names, order of encoding or what the cache held", async ({
  backbone,
  folder,
}) => {
  const hashOf = async (name: string, categories: Category[], warm: Category[] = []) => {
    const store = new FeatureStore(backbone, await TensorCache.open(join(folder, name)));
    await store.add(warm.flatMap(({ test: tests }) => tests));
    return (await gatherData(store, categories, OPTIONS)).hash;
  };
  const first = await hashOf("one", tinyCategories());
  assert.is(await hashOf("one", tinyCategories()), first);
  assert.is(await hashOf("two", tinyCategories(), tinyCategories().reverse()), first);
  const renamed = tinyCategories().map((each) => ({
    ...each,
    train: each.train.map((sample) => ({ ...sample, id: `another/${sample.id}` })),
  }));
  assert.is(await hashOf("one", renamed), first);
  const relabelled = tinyCategories();
  relabelled[0] = {
    ...relabelled[0],
    test: [{ ...relabelled[0].test[0], label: 1 }, ...relabelled[0].test.slice(1)],
  };
  assert.is.not(await hashOf("one", relabelled), first);
  assert.is.not(
    await hashOf("one", [...tinyCategories().slice(0, 3), category("wood", { train: 5 })]),
    first,
  );
});

test("every image has s_a against its own category's text, and training uses it", async ({
  device,
  backbone: { name, clip, fingerprint },
  cache,
}) => {
  using backbone = new Texted(name, clip, fingerprint, null);
  const store = new FeatureStore(backbone, await TensorCache.open(cache));
  const shared = { ...tinyCategories()[0], name: "cloth", className: "a cloth of some kind" };
  const data = await gatherData(store, [...tinyCategories(), shared], OPTIONS);
  const classes = [...data.categories.slice(0, 4), shared.className];
  for (const item of [...data.items, ...data.holdOut[0].queries]) {
    const prototypes = await backbone.prototypes(classes[item.category]);
    const score = scope(() => textScore(tensor(device, store.feature(item.image), [1, 32]), prototypes));
    assert.ok(Math.abs(data.text!.get(textKey(item))! - (await score.item())) < 1e-5);
    score.dispose();
  }
  const twice = data.items.filter(({ image }) => image === data.items[0].image);
  assert.is(twice.length, 2, "one image in two categories");
  assert.ok(data.text!.get(textKey(twice[0])) !== data.text!.get(textKey(twice[1])));

  using pairs = new PairResiduals(store);
  const firstLoss = async (text: typeof data.text) => {
    using trainer = new Trainer({ ...data, text }, pairs, { ...TRAIN_DEFAULTS, shots: 2, batch: 8 });
    return (await trainer.step()).loss;
  };
  assert.is.not(await firstLoss(data.text), await firstLoss(null));
  const without = await gatherData(store, tinyCategories(), { ...OPTIONS, withoutText: true });
  assert.is(without.text, null);
});

test("what cannot be read is listed and left out", async ({ store }) => {
  const [first, ...others] = tinyCategories();
  const broken = {
    ...product("fabric", 99, false),
    load: () => Promise.reject(new Error("torn")),
  };
  const data = await gatherData(store, [{ ...first, train: [broken, ...first.train] }, ...others], OPTIONS);
  assert.equal(data.skipped, [{ id: "fabric/good/99", reason: "fabric/good/99: torn" }]);
  assert.is(data.items.length, 3 * 13);
});

test.run();
