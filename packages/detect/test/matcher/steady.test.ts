import { randomImage, randomView } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { encodeViews } from "../../src/encoder/encode.js";
import { Encoder, fitImages } from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("steady");

test("memory and work of a batch are the same at batch 2 and at batch 20, two batches under way", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device);
  const { size } = backbone.config.preprocess;
  using fitted = await fitImages(nearestPatch(new Encoder(backbone)), [randomImage(1, size)]);
  const score = (...seeds: number[]) => {
    const encoded = encodeViews(
      backbone,
      seeds.map((seed) => randomView(seed, size)),
    );
    const scores = fitted.score(encoded);
    for (const each of [encoded.features, ...encoded.taps]) each.dispose();
    return scores;
  };
  const seen: { tensors: number; bytes: number; allocations: number }[] = [];
  let before = score(2, 3);
  for (let batch = 2; batch <= 20; batch++) {
    // Submitted before the one before is awaited, as `scoreImages` does.
    const next = score(2 * batch, 2 * batch + 1);
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
