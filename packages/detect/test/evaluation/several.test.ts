import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Device } from "@inctrl/tensor";
import { THREE_SHOT, throwsCode } from "@inctrl/testing";
import { deviceTests, fixtureBackbone, smallBackbone } from "@inctrl/testing/device";
import { callsOf, SHARED, testSeveral } from "@inctrl/testing/several";
import * as assert from "uvu/assert";
import { Encoder, evaluate, evaluateAll } from "../../src/index.js";
import { meanFeature } from "../support/mean-feature.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("evaluate several detectors");

async function open(device: Device) {
  const backbone = await fixtureBackbone(device, THREE_SHOT);
  const encoder = new Encoder(backbone, { batch: 4 });
  const detectors = [nearestPatch(encoder), nearestPatch(encoder, { largest: 2 }), meanFeature(encoder)];
  const scorings = detectors.map((detector) => ({ detector }));
  return { scorings, [Symbol.dispose]: () => backbone.dispose() };
}

testSeveral(test, open);

test("a method that matches no patches starts no search, and encodes as often", async ({ device }) => {
  using opened = await open(device);
  const [searching, , matchless] = opened.scorings;
  const { attentions } = await callsOf(device, () => evaluate({ ...searching, ...SHARED }));
  const calls = await callsOf(device, () => evaluate({ ...matchless, ...SHARED }));
  assert.equal(calls, { attentions, searches: 0 });
});

test("detectors that encode images differently are refused before anything is written", async ({
  device,
  folder,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  using other = await smallBackbone(device);
  const encoder = new Encoder(backbone);
  const first = { detector: nearestPatch(encoder), store: join(folder, "never.jsonl") };
  const refused = (detector: ReturnType<typeof nearestPatch>) =>
    throwsCode(
      () => evaluateAll([first, { detector }], SHARED),
      "evaluation",
      /give detectors of one encoder and equal symmetries/,
    );
  await refused(nearestPatch(new Encoder(backbone)));
  await refused(nearestPatch(new Encoder(other)));
  await refused(nearestPatch(encoder, { symmetries: 8 }));
  await throwsCode(() => evaluateAll([], SHARED), "evaluation", /no detector to measure/);
  assert.not.ok(existsSync(first.store));
});

test.run();
