import { prepareImage } from "@inctrl/clip";
import { drawPrompts } from "@inctrl/datasets";
import type { Device } from "@inctrl/tensor";
import * as assert from "uvu/assert";
import { RankHeads, storedParameters } from "../../src/head-modules.js";
import { evaluate, Heads, PromptBank, Scorer } from "../../src/index.js";
import { deviceTests, fixtureBackbone, generator, maxError, THREE_SHOT, throwsCode } from "../support.js";
import { category, dataSet } from "./support.js";

const test = deviceTests("heads that see ranks");

const FORMS = ["sorted", "monotone"] as const;

/** Heads with seeded values, large enough to matter. */
function rankHeads(device: Device, form: (typeof FORMS)[number]): Heads {
  const random = generator(3);
  const values = [...storedParameters(new RankHeads(form))].map(([name, { shape }]) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() - 0.5);
    return [name, { shape, data }] as const;
  });
  return Heads.fromValues(device, new Map(values), "the test");
}

test("evaluation and scorer agree on them, and s_p alone scores otherwise", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const one = category("one");
  const views = (sample: (typeof one.train)[number]) =>
    sample.load().then((raster) => prepareImage(raster, backbone.config.preprocess));
  const prompts = drawPrompts(one.train, 2, 0).map(async (each) => ({
    name: each.id,
    views: await views(each),
  }));
  using bank = await PromptBank.encode(backbone, await Promise.all(prompts));
  const images = (await Promise.all(one.test.map(views))).flat();
  for (const form of FORMS) {
    using heads = rankHeads(device, form);
    const options = { backbone, dataSet: dataSet(one), shots: [2], seeds: 1 };
    // Without text, as here the scorer is given none.
    const { categories, settings } = await evaluate({ ...options, heads, components: ["P"] });
    assert.is(settings.components, "P");
    using scorer = new Scorer({ backbone, bank, heads });
    const expected = await scorer.score(images);
    const scores = categories[0].draws[0].scores as number[];
    assert.ok(
      maxError(
        scores,
        expected.map(({ score }) => score),
      ) < 1e-6,
    );
    for (const { score, phi, residual, imageResidual } of expected) {
      assert.is(imageResidual, null);
      assert.ok(
        Math.abs(score - ((phi as number) + residual) / 2) < 1e-6 && Math.abs(score - residual) > 1e-3,
      );
    }
  }
});

test("they have no image level", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  for (const form of FORMS) {
    using heads = rankHeads(device, form);
    const options = { backbone, dataSet: dataSet(category("one")), shots: [1], seeds: 1, heads };
    const said = new RegExp(`these are ${form}; leave I out`);
    await throwsCode(() => evaluate({ ...options, components: ["P", "I"] }), "heads", said);
  }
});

test.run();
