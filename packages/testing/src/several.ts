import { join } from "node:path";
import { evaluate, evaluateAll, type Scoring } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import * as assert from "uvu/assert";
import type { deviceTests } from "./device.js";
import { category, dataSet, timeless } from "./synthetic-set.js";

/** What the detectors are measured on. */
export const SHARED = {
  dataSet: dataSet(category("one", { train: 3, masked: true }), category("two", { train: 2 })),
  ...{ shots: [1, 2], seeds: 2 },
};

/** How often nearest patches were searched and images encoded while `run` ran. */
export async function callsOf(device: Device, run: () => Promise<unknown>) {
  const trace = device.trace();
  await run();
  const { kernels } = await trace.stop();
  const calls = (name: RegExp) =>
    kernels.reduce((sum, { kernel, calls }) => sum + (name.test(kernel) ? calls : 0), 0);
  return { searches: calls(/^nearest merge$/), attentions: calls(/attention/) };
}

/**
 * Adds the tests that any detectors of one encoder pass when they are evaluated together.
 *
 * @param open three of them, the first of which searches nearest patches.
 */
export function testSeveral(
  test: ReturnType<typeof deviceTests>,
  open: (device: Device) => Promise<Disposable & { readonly scorings: readonly Scoring[] }>,
): void {
  test("each detector gives what it gives alone, and nothing is encoded or searched twice", async ({
    device,
  }) => {
    using opened = await open(device);
    const { scorings } = opened;
    const alone: unknown[] = [];
    const once = await callsOf(device, async () => {
      alone.push(timeless(await evaluate({ ...SHARED, ...scorings[0] })));
    });
    for (const scoring of scorings.slice(1)) alone.push(timeless(await evaluate({ ...SHARED, ...scoring })));
    const together = await callsOf(device, async () => {
      assert.equal((await evaluateAll(scorings, SHARED)).map(timeless), alone);
    });
    assert.ok(once.searches > 0 && once.attentions > 0);
    assert.equal(together, once);
  });

  test("a detector that is finished is read back while the others are measured", async ({
    device,
    folder,
  }) => {
    using opened = await open(device);
    const { scorings } = opened;
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
    using opened = await open(device);
    const { scorings } = opened;
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
    const resumed = await evaluateAll(stored, SHARED);
    assert.equal(resumed.map(timeless), whole.map(timeless));
  });
}
