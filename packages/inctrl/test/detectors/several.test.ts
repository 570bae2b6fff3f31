import { join } from "node:path";
import { Encoder, evaluate, evaluateAll, type Scoring } from "@inctrl/detect";
import { category, dataSet, timeless } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { inctrl } from "../../src/detectors/inctrl.js";
import { residual } from "../../src/detectors/residual.js";
import { type Fixture, openFixture } from "./support.js";

const test = deviceTests("evaluate several detectors with heads");

const SHARED = {
  dataSet: dataSet(category("one", { train: 3, masked: true }), category("two", { train: 2 })),
  ...{ shots: [1, 2], seeds: 2 },
};

/** Full model, patch residual, and image and text score. */
function scoringsOf({ backbone, heads }: Fixture): Scoring[] {
  const encoder = new Encoder(backbone, { batch: 4 });
  return [
    { detector: inctrl(encoder, { heads }) },
    { detector: residual(encoder, { aggregate: "top2" }) },
    { detector: inctrl(encoder, { heads, components: ["I", "T"] }), settings: { heads: "some" } },
  ];
}

test("each detector gives what it gives alone, and nothing is encoded or searched twice", async ({
  device,
}) => {
  using fixture = await openFixture(device, "made up");
  const scorings = scoringsOf(fixture);
  const callsOf = async (run: () => Promise<unknown>) => {
    const trace = device.trace();
    await run();
    const { kernels } = await trace.stop();
    const calls = (name: RegExp) =>
      kernels.reduce((sum, { kernel, calls }) => sum + (name.test(kernel) ? calls : 0), 0);
    return { searches: calls(/^nearest merge$/), attentions: calls(/attention/) };
  };
  const alone: unknown[] = [];
  const once = await callsOf(async () => {
    alone.push(timeless(await evaluate({ ...SHARED, ...scorings[0] })));
  });
  for (const scoring of scorings.slice(1)) alone.push(timeless(await evaluate({ ...SHARED, ...scoring })));
  const together = await callsOf(async () => {
    assert.equal((await evaluateAll(scorings, SHARED)).map(timeless), alone);
  });
  assert.ok(once.searches > 0 && once.attentions > 0);
  assert.equal(together, once);
});

test("a detector that is finished is read back while the others are measured", async ({ device, folder }) => {
  using fixture = await openFixture(device, "made up");
  const scorings = scoringsOf(fixture);
  const stored = scorings.map((scoring, i) => ({ ...scoring, store: join(folder, `${i}.jsonl`) }));
  const first = await evaluate({ ...SHARED, ...stored[1] });
  const progress: number[] = [];
  const onProgress = (done: number, total: number) => progress.push(done / total);
  const all = await evaluateAll(stored, { ...SHARED, onProgress });
  assert.equal(all[1], first, "times and all");
  assert.is(progress.at(-1), 1);
  for (const [i, scoring] of scorings.entries()) {
    assert.equal(timeless(all[i]), timeless(await evaluate({ ...SHARED, ...scoring })));
  }
  const again = await evaluateAll(stored, { ...SHARED, onProgress: () => assert.unreachable() });
  assert.equal(again, all);
});

test("stopped, every detector keeps what was finished of it", async ({ device, folder }) => {
  using fixture = await openFixture(device, "made up");
  const scorings = scoringsOf(fixture);
  const stored = scorings.map((scoring, i) => ({ ...scoring, store: join(folder, `stopped-${i}.jsonl`) }));
  const controller = new AbortController();
  const stopped = await evaluateAll(stored, {
    ...{ ...SHARED, signal: controller.signal },
    onProgress: (_done, _total, name) => {
      if (name === "two") controller.abort();
    },
  });
  for (const { complete, categories } of stopped) {
    assert.is(complete, false);
    assert.is(categories[0].draws.length, 4);
  }
  const whole = await evaluateAll(scorings, SHARED);
  const went = await evaluateAll(stored, SHARED);
  assert.equal(went.map(timeless), whole.map(timeless));
});

test.run();
