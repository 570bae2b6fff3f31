import { drawPrompts } from "@inctrl/datasets";
import { Encoder, evaluate, fitImages } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { category, dataSet, generator, maxError, THREE_SHOT, throwsCode } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { inctrl } from "../../src/detectors/inctrl.js";
import { RankHeads, storedParameters } from "../../src/head-modules.js";
import { Heads } from "../../src/heads.js";

const test = backboneTests("heads that see ranks", (device) => fixtureBackbone(device, THREE_SHOT));

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

test("evaluation and images scored by hand agree on them, and s_p alone scores otherwise", async ({
  device,
  backbone,
}) => {
  const encoder = new Encoder(backbone);
  const one = category("one");
  for (const form of FORMS) {
    using heads = rankHeads(device, form);
    // Without text, since the fixture's vocabulary is not here.
    const detector = inctrl(encoder, { heads, components: ["P"] });
    const { categories, settings } = await evaluate({
      detector,
      dataSet: dataSet(one),
      shots: [2],
      seeds: 1,
    });
    assert.is(settings.components, "P");
    using fitted = await fitImages(detector, drawPrompts(one.train, 2, 0));
    const expected = await scoreWith(fitted, one.test);
    const scores = categories[0].draws[0].scores as number[];
    assert.ok(
      maxError(
        scores,
        expected.map(({ score }) => score),
      ) < 1e-6,
    );
    for (const { score, parts } of expected) {
      const { s_p, phi } = parts;
      assert.equal(Object.keys(parts), ["s_p", "phi"]);
      assert.ok(Math.abs(score - (phi + s_p) / 2) < 1e-6 && Math.abs(score - s_p) > 1e-3);
    }
  }
});

test("they have no image level", async ({ device, backbone }) => {
  for (const form of FORMS) {
    using heads = rankHeads(device, form);
    const said = new RegExp(`these are ${form}; leave I out`);
    await throwsCode(() => inctrl(new Encoder(backbone), { heads, components: ["P", "I"] }), "heads", said);
  }
});

test.run();
