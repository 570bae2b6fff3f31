import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Device } from "@inctrl/tensor";
import { THREE_SHOT, throwsCode, timeless } from "@inctrl/testing";
import { deviceTests, fixtureBackbone, smallBackbone } from "@inctrl/testing/device";
import { callsOf, SHARED, testSeveral } from "@inctrl/testing/several";
import * as assert from "uvu/assert";
import { Encoder, evaluate, evaluateAll, selectTaps } from "../../src/index.js";
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
      /give detectors of one encoder, or of parts of one/,
    );
  await refused(nearestPatch(new Encoder(backbone)));
  await refused(nearestPatch(new Encoder(other)));
  await throwsCode(() => evaluateAll([], SHARED), "evaluation", /no detector to measure/);
  assert.not.ok(existsSync(first.store));
});

test("detectors with other taps and other symmetries share one encoding of each image", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const root = new Encoder(backbone, { batch: 4, taps: [1, 2], raw: true });
  const apart = (taps: number[]) => new Encoder(backbone, { batch: 4, taps });
  const pairs = [
    [nearestPatch(selectTaps(root, { taps: [2], raw: false })), nearestPatch(apart([2]))],
    [
      nearestPatch(selectTaps(root, { taps: [1], raw: false }), { symmetries: 8 }),
      nearestPatch(apart([1]), { symmetries: 8 }),
    ],
    [meanFeature(selectTaps(root, { taps: [1, 2] })), meanFeature(apart([1, 2]))],
  ];
  const together = await evaluateAll(
    pairs.map(([detector]) => ({ detector })),
    SHARED,
  );
  for (const [i, [, detector]] of pairs.entries()) {
    const alone = await evaluate({ detector, ...SHARED });
    assert.equal(timeless(together[i]), timeless(alone));
  }
  await throwsCode(
    () => selectTaps(new Encoder(backbone), { taps: ["norm"] }),
    "blocks",
    /gives taps .* and not norm/,
  );
  await throwsCode(() => selectTaps(new Encoder(backbone), { raw: true }), "backbone", /make it raw/);
});

test.run();
