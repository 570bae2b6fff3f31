import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Device, tensor } from "@inctrl/tensor";
import * as assert from "uvu/assert";
import { type Backbone, evaluate, evaluateWays, Heads, type Way } from "../../src/index.js";
import { deviceTests, fixtureBackbone, PATCH14, throwsCode } from "../support.js";
import { category, dataSet, timeless } from "./support.js";

const test = deviceTests("evaluate by several ways");

const SHARED = {
  dataSet: dataSet(category("one", { train: 3, masked: true }), category("two", { train: 2 })),
  ...{ shots: [1, 2], seeds: 2, batch: 4 },
};

/** Full model, patch residual, and image and text score. */
async function openWays(device: Device): Promise<{ backbone: Backbone; ways: Way[] } & Disposable> {
  const backbone = await fixtureBackbone(device);
  const heads = await Heads.load(`${PATCH14}/inctrl.pyth`, device);
  // The fixture's vocabulary is not here.
  const { embedDim } = backbone.config;
  const values = Float32Array.from({ length: 2 * embedDim }, (_, i) => Math.sin(i * i));
  const prototypes = tensor(device, values, [2, embedDim]);
  backbone.prototypes = async () => prototypes;
  backbone.textFingerprint = async () => "made up";
  return {
    backbone,
    ways: [
      { heads },
      { components: ["P"], aggregate: "top2" },
      { heads, components: ["I", "T"], settings: { heads: "some" } },
    ],
    [Symbol.dispose]: () => {
      for (const held of [backbone, heads, prototypes]) held.dispose();
    },
  };
}

test("each way gives what it gives alone, and nothing is encoded or searched twice", async ({ device }) => {
  using opened = await openWays(device);
  const { backbone, ways } = opened;
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
    alone.push(timeless(await evaluate({ backbone, ...SHARED, ...ways[0] })));
  });
  for (const way of ways.slice(1)) alone.push(timeless(await evaluate({ backbone, ...SHARED, ...way })));
  const together = await callsOf(async () => {
    assert.equal((await evaluateWays(ways, { backbone, ...SHARED })).map(timeless), alone);
  });
  assert.ok(once.searches > 0 && once.attentions > 0);
  assert.equal(together, once);
});

test("a way that is finished is read back while the others are measured", async ({ device, folder }) => {
  using opened = await openWays(device);
  const { backbone, ways } = opened;
  const stored = ways.map((way, i) => ({ ...way, store: join(folder, `${i}.jsonl`) }));
  const first = await evaluate({ backbone, ...SHARED, ...stored[1]! });
  const progress: number[] = [];
  const onProgress = (done: number, total: number) => progress.push(done / total);
  const all = await evaluateWays(stored, { backbone, ...SHARED, onProgress });
  assert.equal(all[1], first, "times and all");
  assert.is(progress.at(-1), 1);
  for (const [i, way] of ways.entries()) {
    assert.equal(timeless(all[i]!), timeless(await evaluate({ backbone, ...SHARED, ...way })));
  }
  const again = await evaluateWays(stored, { backbone, ...SHARED, onProgress: () => assert.unreachable() });
  assert.equal(again, all);
});

test("stopped, every way keeps what was finished of it", async ({ device, folder }) => {
  using opened = await openWays(device);
  const { backbone, ways } = opened;
  const stored = ways.map((way, i) => ({ ...way, store: join(folder, `stopped-${i}.jsonl`) }));
  const controller = new AbortController();
  const stopped = await evaluateWays(stored, {
    ...{ backbone, ...SHARED, signal: controller.signal },
    onProgress: (_done, _total, name) => {
      if (name === "two") controller.abort();
    },
  });
  for (const { complete, categories } of stopped) {
    assert.is(complete, false);
    assert.is(categories[0]!.draws.length, 4);
  }
  const whole = await evaluateWays(ways, { backbone, ...SHARED });
  const went = await evaluateWays(stored, { backbone, ...SHARED });
  assert.equal(went.map(timeless), whole.map(timeless));
});

test("a way that the model cannot score by is refused before anything is written", async ({
  device,
  folder,
}) => {
  using opened = await openWays(device);
  const { backbone, ways } = opened;
  const wrong: Way[] = [{ ...ways[0], store: join(folder, "never.jsonl") }, { components: ["I"] }];
  await throwsCode(() => evaluateWays(wrong, { backbone, ...SHARED }), "heads", /needs trained heads/);
  assert.not.ok(existsSync(join(folder, "never.jsonl")));
});

test.run();
