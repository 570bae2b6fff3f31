import { join } from "node:path";
import { category, dataSet, maxError, randomImage, THREE_SHOT, throwsCode, timeless } from "@inctrl/testing";
import { backboneTests, fixtureBackbone, smallBackbone } from "@inctrl/testing/device";
import { bankOf, collect, encodedPrompts, scored, scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { bestMatch, Encoder, evaluate, fitImages, matchPatches, scoreViews } from "../src/index.js";
import { meanFeature } from "./support/mean-feature.js";
import { detectorOf, METHODS } from "./support/methods.js";
import { nearestPatch } from "./support/nearest-patch.js";

const test = backboneTests("detector", (device) => fixtureBackbone(device, THREE_SHOT));
const SIZE = 17;
const images = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => randomImage(seed + i, SIZE));

for (const method of METHODS) {
  const { name } = method;
  const make = (encoder: Encoder) => detectorOf(method, encoder);

  test(`${name}: a view's score depends on no other view and on no batch size`, async ({
    device,
    backbone,
  }) => {
    const encoder = new Encoder(backbone);
    using fitted = await fitImages(make(encoder), images(3, 1));
    assert.is(fitted.prompts.length, 3);
    const queries = images(48, 100);
    const all = await scoreWith(fitted, queries, new Encoder(backbone, { batch: 48 }));
    assert.is(
      new Set(all.map(({ score }) => score)).size,
      48,
      "images that all score alike would prove nothing",
    );
    // A CPU adds in one order whatever the batch; a GPU's compiler may round batches of other sizes differently.
    const tolerance = device.caps.software ? 0 : 1e-5;
    for (const batch of [1, 3, 5, 8, 11]) {
      const other = await scoreWith(fitted, queries, new Encoder(backbone, { batch }));
      for (const [i, { score, map, parts }] of other.entries()) {
        assert.ok(Math.abs(score - all[i].score) <= tolerance, `batch ${batch}, image ${i}: ${score}`);
        assert.ok(maxError(map.values, all[i].map.values) <= tolerance, `batch ${batch}, map ${i}`);
        assert.ok(maxError(Object.values(parts), Object.values(all[i].parts)) <= tolerance);
      }
    }
    const reversed = await scoreWith(fitted, queries.toReversed());
    for (const [i, { score }] of reversed.toReversed().entries())
      assert.ok(Math.abs(score - all[i].score) <= tolerance);
  });

  test(`${name}: loaded again, it gives the same bits and tells the same prompts`, async ({
    device,
    folder,
    backbone,
  }) => {
    const detector = make(new Encoder(backbone));
    using fitted = await fitImages(detector, images(2, 1));
    const path = join(folder, `${name}.safetensors`);
    await fitted.save(path);
    using loaded = await detector.load(path);
    assert.equal(loaded.prompts, fitted.prompts);
    assert.is(loaded.detector, detector);
    const queries = images(5, 100);
    assert.equal(await scoreWith(loaded, queries), await scoreWith(fitted, queries));
    using other = await smallBackbone(device);
    await throwsCode(() => make(new Encoder(other)).load(path), "bank", /made by another backbone/);
    for (const another of METHODS) {
      if (another !== method)
        await throwsCode(
          () => detectorOf(another, new Encoder(backbone)).load(path),
          "bank",
          /and not what .* needs/,
        );
    }
  });

  test(`${name}: images and evaluation see the scores of the parts put together by hand`, async ({
    backbone,
  }) => {
    const detector = make(new Encoder(backbone, { batch: 4 }));
    const one = category("one", { masked: true });
    const evaluation = await evaluate({ detector, dataSet: dataSet(one), shots: [1, 2], seeds: 1 });
    assert.ok(evaluation.complete);
    assert.equal(
      evaluation.settings,
      { ...evaluation.settings, ...(await detector.settings()) },
      "settings hold the method's own",
    );
    for (const { prompts, scores, metrics } of evaluation.categories[0].draws) {
      assert.ok(metrics.auroc !== null && metrics.aupro !== null);
      const chosen = prompts.map((id) => one.train.find((sample) => sample.id === id)!);
      using fitted = await fitImages(detector, chosen, { className: "one" });
      const results = (await collect(fitted, one.test)).map(scored);
      assert.equal(
        results.map(({ image }) => image),
        one.test.map(({ id }) => id),
      );
      assert.ok(
        maxError(
          results.map(({ score }) => score),
          scores as number[],
        ) < 1e-6,
      );
    }
    const again = await evaluate({ detector, dataSet: dataSet(one), shots: [1, 2], seeds: 1 });
    assert.equal(timeless(again), timeless(evaluation));
  });

  test(`${name}: no prompts are refused, and no views give no scores`, async ({ backbone }) => {
    const detector = make(new Encoder(backbone));
    await throwsCode(() => fitImages(detector, []), "shots", /no prompts/);
    using fitted = await fitImages(detector, images(1, 1));
    assert.equal(await scoreWith(fitted, []), []);
    assert.equal(await collect(fitted, []), []);
  });
}

test("similarities that are known give the scores of the detector's own search, and no matches", async ({
  backbone,
}) => {
  const encoder = new Encoder(backbone);
  using prompts = await encodedPrompts(encoder, images(3, 1));
  using fitted = await nearestPatch(encoder).fit(prompts);
  using bank = await bankOf(encoder, images(3, 1));
  for await (const batch of encoder.encode(images(6, 100))) {
    let asked = 0;
    const similarity = () => {
      asked++;
      return matchPatches(batch.taps, bank.blocks).similarity;
    };
    const own = await scoreViews(fitted, batch);
    const known = await scoreViews(fitted, batch, { similarity });
    assert.is(asked, 1);
    assert.equal(
      known,
      own.map((view) => ({ ...view, matches: null })),
    );
    assert.is(bestMatch(known[0]), null);
    assert.ok(own.every(({ matches }) => matches !== null));
    batch.dispose();
  }
});

test("a search in pieces, as a slow GPU needs it, finds the same", async ({ device, backbone }) => {
  const encoder = new Encoder(backbone);
  using bank = await bankOf(encoder, images(3, 1));
  for await (const batch of encoder.encode(images(5, 100))) {
    const whole = matchPatches(batch.taps, bank.blocks);
    const [, patches, width] = batch.taps[0].shape;
    // Two views fit at once.
    const flop = 4 * patches * width * bank.blocks[0].n;
    Object.defineProperty(device.pace, "flop", { value: flop, configurable: true });
    const cut = matchPatches(batch.taps, bank.blocks);
    Reflect.deleteProperty(device.pace, "flop");
    for (const part of ["similarity", "rows"] as const) {
      assert.equal(cut[part].shape, whole[part].shape);
      assert.equal(await cut[part].data(), await whole[part].data());
    }
    for (const each of [whole, cut]) for (const part of [each.similarity, each.rows]) part.dispose();
    batch.dispose();
  }
});

test("a method that matches no patches never asks for similarities", async ({ backbone }) => {
  const encoder = new Encoder(backbone);
  using fitted = await fitImages(meanFeature(encoder), images(1, 1));
  for await (const batch of encoder.encode(images(2, 100))) {
    const similarity = () => assert.unreachable("searched for nothing") as never;
    assert.is((await scoreViews(fitted, batch, { similarity })).length, 2);
    batch.dispose();
  }
});

test.run();
