import { readFileSync } from "node:fs";
import { join } from "node:path";
import { category, dataSet, maxError, THREE_SHOT } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import { collect, scored } from "@inctrl/testing/scoring";
import { callsOf, SHARED } from "@inctrl/testing/several";
import * as assert from "uvu/assert";
import {
  Encoder,
  evaluate,
  evaluateAll,
  fitImages,
  type ImageScore,
  type ScoredDraw,
  writeReport,
} from "../../src/index.js";
import { factsOf } from "../report/support.js";
import { meanFeature } from "../support/mean-feature.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("what an evaluation found", (device) => fixtureBackbone(device, THREE_SHOT));

test("each detector's scores, maps and matches are told as scoreImages gives them, and prompts are searched as often", async ({
  device,
  backbone,
}) => {
  const encoder = new Encoder(backbone, { batch: 4 });
  const detectors = [nearestPatch(encoder, { symmetries: 8 }), meanFeature(encoder)];
  const scorings = detectors.map((detector) => ({ detector }));
  const silent = await callsOf(device, () => evaluateAll(scorings, SHARED));
  const told: Omit<ScoredDraw, "fitted">[] = [];
  const prompts: string[][] = [];
  const onScored = ({ fitted, ...rest }: ScoredDraw) => {
    prompts.push(fitted.prompts.map(({ name }) => name));
    told.push(rest);
  };
  const calls = await callsOf(device, async () => {
    assert.is((await evaluateAll(scorings, { ...SHARED, onScored })).length, 2);
  });
  assert.equal(calls, silent);
  assert.is(told.length, 2 * 2 * 2 * 2, "categories, K, seeds, detectors");
  for (const [i, { detector, category, results }] of told.entries()) {
    const { train, test: tested } = SHARED.dataSet.categories.find(({ name }) => name === category)!;
    const chosen = prompts[i].map((name) => train.find(({ id }) => id === name)!);
    using fitted = await fitImages(detectors[detector], chosen);
    const wanted = (await collect(fitted, tested, { facts: false })).map(scored);
    assert.is(results.length, wanted.length);
    for (const [at, result] of results.entries()) {
      const [{ views, ...got }, { views: own, ...want }] = [scored(result), wanted[at]];
      assert.equal([got.image, got.view, got.pixels], [want.image, want.view, want.pixels]);
      assert.equal(
        views.map(({ box, of, matches }) => ({ box, of, matches })),
        own.map(({ box, of, matches }) => ({ box, of, matches })),
      );
      assert.is(views[0].matches !== null, detector === 0);
      for (const [v, { map }] of views.entries())
        assert.ok(maxError(map.values, own[v].map.values) < 1e-6, `${got.image}: the map`);
      assert.ok(Math.abs(got.score - want.score) < 1e-6, `${got.image}: ${got.score} ${want.score}`);
    }
  }
});

test("a report draws what was found without encoding an image again", async ({
  device,
  folder,
  backbone,
}) => {
  const detector = nearestPatch(new Encoder(backbone, { batch: 4 }));
  // An image that is not good is called so: a mistake, of which the report has pictures.
  const mistaken = category("mistaken", {}, (sample) =>
    sample.id === "mistaken/bad/0" ? { ...sample, label: 0 } : sample,
  );
  const set = dataSet(mistaken);
  const known = new Map<string, ImageScore>();
  const evaluation = await evaluate({
    ...{ detector, dataSet: set, shots: [2], seeds: 0 },
    onScored({ results }) {
      for (const each of results) known.set(each.image, scored(each));
    },
  });
  const input = { evaluation, facts: factsOf(), dataSet: set, detector };
  const again = readFileSync(await writeReport(folder, input), "utf8");
  const found = (_: string, id: string) => known.get(id);
  const calls = await callsOf(device, () => writeReport(folder, { ...input, found }));
  assert.equal(calls, { searches: 0, attentions: 0 });
  assert.is(readFileSync(join(folder, "report.html"), "utf8"), again);
  assert.match(again, /data:image\/png/);
});

test.run();
