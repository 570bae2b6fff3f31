import * as assert from "uvu/assert";
import { PromptBank, Scorer } from "../src/index.js";
import { deviceTests, fixtureBackbone, randomView } from "./support.js";

const test = deviceTests("steady");

test("memory and work of a batch are the same at batch 2 and at batch 20, two batches under way", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device);
  const { size } = backbone.config.preprocess;
  const view = (seed: number) => randomView(seed, size);
  const views = [view(1)];
  using bank = await PromptBank.encode(backbone, [{ name: "prompt", views }]);
  using scorer = new Scorer({ backbone, bank });
  const seen: { tensors: number; bytes: number; allocations: number }[] = [];
  let before = scorer.score([view(2), view(3)]);
  for (let batch = 2; batch <= 20; batch++) {
    // Submitted before the one before is awaited, as `scoreImages` does.
    const next = scorer.score([view(2 * batch), view(2 * batch + 1)]);
    const { tensors, bytes, pooledBytes } = device.memory();
    await before;
    before = next;
    const { allocations } = device.stats;
    seen.push({ tensors, bytes: bytes + pooledBytes, allocations });
  }
  await before;
  // The batch before may be done already, and its tensors free: never more than when both are under way.
  const [first] = seen;
  for (const { tensors, bytes, allocations } of seen) {
    assert.ok(tensors <= first.tensors, `${tensors} tensors, ${first.tensors} at batch 2`);
    assert.is(bytes, first.bytes);
    assert.is(allocations, first.allocations);
  }
});

test.run();
