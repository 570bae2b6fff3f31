import { Encoder, fitImages, patchesOf, scoreImages } from "@inctrl/detect";
import { nearest, scope, tensor } from "@inctrl/tensor";
import { maxError, product } from "@inctrl/testing";
import { storeTests } from "@inctrl/testing/store";
import * as assert from "uvu/assert";
import { residual } from "../../src/detectors/residual.js";
import { PairResiduals } from "../../src/training/pairs.js";

const test = storeTests("pair residuals");
const samples = Array.from({ length: 9 }, (_, i) => product(i < 5 ? "fabric" : "metal", i, i % 4 === 3));
const COMPARISONS = [
  { query: 3, prompts: [0, 1, 2, 4] },
  { query: 7, prompts: [5, 6, 8, 5] },
  { query: 0, prompts: [1] },
];

test("the minimum over pairs is the search of the joined bank, block by block", async ({ device, store }) => {
  await store.add(samples);
  using pairs = new PairResiduals(store);
  const maps = await pairs.maps(COMPARISONS);
  const { layouts } = store.recipe;
  const [blocks, patches, width] = [layouts.length, patchesOf(layouts[0]), layouts[0].width];
  for (const [i, { query, prompts }] of COMPARISONS.entries()) {
    const want = new Float32Array(patches);
    for (let block = 0; block < blocks; block++) {
      const rows = async (image: number) =>
        (await store.tokens(image)).subarray(block * patches * width, (block + 1) * patches * width);
      const bank = new Float32Array(prompts.length * patches * width);
      for (const [k, prompt] of prompts.entries()) bank.set(await rows(prompt), k * patches * width);
      const own = await rows(query);
      const found = scope(
        () =>
          nearest(
            tensor(device, own, [patches, width]),
            tensor(device, bank, [prompts.length * patches, width]),
          ).similarity,
      );
      const similarity = await found.data();
      found.dispose();
      for (let p = 0; p < patches; p++) want[p] += (0.5 * (1 - similarity[p])) / blocks;
    }
    assert.ok(maxError(maps.subarray(i * patches, (i + 1) * patches), want) < 1e-6);
  }
  assert.ok(Math.max(...maps) > 0.01, "residuals are not all zero");
});

test("they are what scoring says, but for the rounding of half precision", async ({ backbone, store }) => {
  await store.add(samples);
  using pairs = new PairResiduals(store);
  const { query, prompts } = COMPARISONS[0];
  const got = await pairs.maps([{ query, prompts }]);
  using fitted = await fitImages(
    residual(new Encoder(backbone)),
    prompts.map((i) => samples[i]),
  );
  for await (const result of scoreImages(fitted, [samples[query]])) {
    assert.ok("views" in result && maxError(got, result.views[0].map.values) < 1e-4);
  }
});

test("a pair is searched once, and its values depend neither on company nor on memory", async ({ store }) => {
  await store.add(samples);
  using pairs = new PairResiduals(store);
  const maps = await pairs.maps(COMPARISONS);
  assert.equal([pairs.hits, pairs.misses], [0, 8]);
  assert.equal(await pairs.maps(COMPARISONS), maps);
  assert.equal([pairs.hits, pairs.misses], [8, 8]);
  using forgetful = new PairResiduals(store, { memory: 0, deviceMemory: 0 });
  const patches = patchesOf(store.recipe.layouts[0]);
  for (const [i, comparison] of COMPARISONS.entries()) {
    assert.equal(await forgetful.maps([comparison]), maps.slice(i * patches, (i + 1) * patches));
  }
  assert.equal(await forgetful.maps(COMPARISONS), maps);
  assert.is(forgetful.misses, 15);
});

test.run();
