import { join } from "node:path";
import { Encoder, type Tap } from "@inctrl/detect";
import { reshape, scope, slice, tensor } from "@inctrl/tensor";
import { deviceTests } from "@inctrl/testing/device";
import { random, throwsCode } from "@inctrl/testing/tensor";
import * as assert from "uvu/assert";
import { ResNetBackbone, randomResNet } from "../../src/resnet/backbone.js";
import { openNetwork, requireNetwork } from "../../src/resnet/open.js";
import { SMALL, writeState } from "./support.js";

const test = deviceTests("ResNet backbone");

test("maps have the grids that are promised, at any size, and a view's bits do not depend on its company", async ({
  device,
}) => {
  using backbone = await randomResNet(device, SMALL, 3);
  for (const [height, width] of [
    [37, 22],
    [64, 64],
  ]) {
    const pixels = tensor(device, random(1, 9 * height * width, -2, 2), [3, 3, height, width]);
    const { features, taps } = backbone.encode(pixels, [1, 2]);
    assert.equal(features.shape, [3, 128]);
    for (const [i, tap] of taps.entries()) {
      const { rows, columns, width: values } = backbone.layout(i + 1, { width, height });
      assert.equal(tap.shape, [3, rows * columns, values]);
    }
    const first = backbone.encode(pixels, [1], { features: false });
    assert.equal(
      await first.taps[0].data(),
      await taps[0].data(),
      "without features it ends after the last tap",
    );
    assert.equal([...(await first.features.data())], Array(3 * 128).fill(0));
    for (const each of [first.features, ...first.taps]) each.dispose();
    const alone = scope(() => backbone.encode(slice(pixels, [[1, 2]]), [1, 2]));
    const middle = scope(() => [features, ...taps].map((all) => reshape(slice(all, [[1, 2]]), [-1])));
    for (const [i, part] of [alone.features, ...alone.taps].entries())
      assert.equal(await part.data(), await middle[i].data());
    for (const each of [pixels, features, ...taps, alone.features, ...alone.taps, ...middle]) each.dispose();
  }
});

test("layers are named where there are none, and text is refused", async ({ device }) => {
  using backbone = await randomResNet(device, SMALL, 3);
  const size = { width: 32, height: 32 };
  for (const tap of [0, 3, 1.5, "norm"] as Tap[])
    await throwsCode(
      () => backbone.layout(tap, size),
      "blocks",
      /untrained small \(seed 3\) has 2; give some of 1 to 2/,
    );
  await throwsCode(() => backbone.prototypes(), "text", /has no text tower/);
  assert.equal(new Encoder(backbone).taps, [2]);
});

test("a file and its copy under other names are the same network, and another seed is another", async ({
  device,
  folder,
}) => {
  const path = await writeState(join(folder, "small.safetensors"), SMALL);
  const copy = await writeState(join(folder, "copy.safetensors"), SMALL, (state) => {
    for (const [name, value] of [...state]) state.set(`module.${name}`, value).delete(name);
  });
  const prints: string[] = [];
  for (const source of [path, copy]) {
    using backbone = await openNetwork(device, source);
    assert.instance(backbone, ResNetBackbone);
    prints.push(backbone.fingerprint);
  }
  assert.is(prints[0], prints[1]);
  using other = await randomResNet(device, SMALL, 2);
  assert.is.not(other.fingerprint, prints[0]);
  using untrained = await openNetwork(device, "untrained:vit_tiny_patch16_224?seed=4");
  assert.is(untrained.name, "untrained vit_tiny_patch16_224 (seed 4)");
  await requireNetwork("untrained:wide_resnet50_2");
  await throwsCode(() => requireNetwork("untrained:resnet19"), "unknown-model", /"resnet19" is not known/);
});

test.run();
