import { existsSync } from "node:fs";
import { join } from "node:path";
import { category, dataSet, THREE_SHOT, throwsCode, timeless } from "@inctrl/testing";
import { deviceTests, fixtureBackbone, smallBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { type Backbone, Encoder, evaluate, evaluateAll } from "../../src/index.js";
import { meanFeature } from "../support/mean-feature.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("evaluate several detectors");

const SHARED = {
  dataSet: dataSet(category("one", { train: 3, masked: true }), category("two", { train: 2 })),
  ...{ shots: [1, 2], seeds: 2 },
};

const detectorsOf = (backbone: Backbone) => {
  const encoder = new Encoder(backbone, { batch: 4 });
  return [nearestPatch(encoder), nearestPatch(encoder, { largest: 2 }), meanFeature(encoder)];
};

test("each gives what it gives alone, and nothing is encoded or searched twice", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const detectors = detectorsOf(backbone);
  const callsOf = async (run: () => Promise<unknown>) => {
    const trace = device.trace();
    await run();
    const { kernels } = await trace.stop();
    const calls = (name: RegExp) =>
      kernels.reduce((sum, { kernel, calls }) => sum + (name.test(kernel) ? calls : 0), 0);
    return { searches: calls(/^nearest merge$/), attentions: calls(/attention/) };
  };
  const alone: unknown[] = [];
  const counts: Awaited<ReturnType<typeof callsOf>>[] = [];
  for (const detector of detectors) {
    counts.push(await callsOf(async () => alone.push(timeless(await evaluate({ detector, ...SHARED })))));
  }
  const together = await callsOf(async () => {
    const all = await evaluateAll(
      detectors.map((detector) => ({ detector })),
      SHARED,
    );
    assert.equal(all.map(timeless), alone);
  });
  assert.ok(counts[0].searches > 0 && counts[0].attentions > 0);
  assert.equal(together, counts[0]);
  assert.equal(counts[2], { ...counts[0], searches: 0 }, "a method that matches no patches starts no search");
});

test("a detector that is finished is read back while the others are measured", async ({ device, folder }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const detectors = detectorsOf(backbone);
  const stored = detectors.map((detector, i) => ({ detector, store: join(folder, `${i}.jsonl`) }));
  const first = await evaluate({ ...SHARED, ...stored[1] });
  const progress: number[] = [];
  const onProgress = (done: number, total: number) => progress.push(done / total);
  const all = await evaluateAll(stored, { ...SHARED, onProgress });
  assert.equal(all[1], first, "times and all");
  assert.is(progress.at(-1), 1);
  for (const [i, detector] of detectors.entries())
    assert.equal(timeless(all[i]), timeless(await evaluate({ detector, ...SHARED })));
  assert.equal(await evaluateAll(stored, { ...SHARED, onProgress: () => assert.unreachable() }), all);
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
