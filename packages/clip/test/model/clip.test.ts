import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Device, openDevice, openSafetensors, scope, tensor } from "@inctrl/tensor";
import { maxError } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Clip, loadClip, openWeights, parseConfig } from "../../src/index.js";

const golden = fileURLToPath(new URL("../../../../../shared/golden/tiny/", import.meta.url));
const present = existsSync(golden);
const test = suite("clip on golden/tiny");
let device: Device;
let clip: Clip;

test.before(async () => {
  device = await openDevice();
  const config = parseConfig(readFileSync(`${golden}config.json`, "utf8"));
  const weights = await openWeights(`${golden}clip.safetensors`);
  clip = await loadClip(device, config, weights);
  await weights.close();
});

test.after(() => {
  clip.dispose();
  assert.is(device.memory().tensors, 0, "tensors leak");
  device.close();
});

test("block outputs and image features agree with PyTorch to 1e-4", async () => {
  const file = await openSafetensors(`${golden}forward.safetensors`);
  const query = await file.readFloat32("query");
  const { features, taps } = scope(() =>
    clip.vision.forward(tensor(device, query, [6, 3, 64, 64]), { taps: [2, 3, 4] }),
  );
  assert.ok(maxError(await features.data(), await file.readFloat32("image_features")) < 1e-4);
  for (const [i, tap] of taps.entries()) {
    const want = await file.readFloat32(`block_${i + 2}`);
    assert.ok(maxError(await tap.data(), want) < 1e-4, `block ${i + 2}`);
    tap.dispose();
  }
  features.dispose();
  await file.close();
});

test("without its patches the last block gives the same features", async () => {
  const file = await openSafetensors(`${golden}forward.safetensors`);
  const query = await file.readFloat32("query");
  const { features } = scope(() => clip.vision.forward(tensor(device, query, [6, 3, 64, 64])));
  assert.ok(maxError(await features.data(), await file.readFloat32("image_features")) < 1e-4);
  features.dispose();
  await file.close();
});

test("an image's features are the same bits alone and in a batch", async () => {
  const file = await openSafetensors(`${golden}forward.safetensors`);
  const query = await file.readFloat32("query");
  const size = 3 * 64 * 64;
  const all = scope(() => clip.vision.forward(tensor(device, query, [6, 3, 64, 64])).features);
  const one = scope(
    () => clip.vision.forward(tensor(device, query.slice(4 * size, 5 * size), [1, 3, 64, 64])).features,
  );
  const together = (await all.data()).slice(4 * 32, 5 * 32);
  assert.is(maxError(await one.data(), together), 0);
  all.dispose();
  one.dispose();
  await file.close();
});

test("text features agree with PyTorch to 1e-4, at the longest text's length", async () => {
  const file = await openSafetensors(`${golden}forward.safetensors`);
  const ids = Int32Array.from(await file.readFloat32("normal_ids"));
  const features = clip.text?.forward(ids, 24);
  assert.ok(features);
  const got = await features.data();
  // The golden features are normalised.
  const want = await file.readFloat32("text_features_normal");
  const unit = got.map((v, i) => {
    const row = got.subarray(Math.floor(i / 32) * 32, Math.floor(i / 32) * 32 + 32);
    return v / Math.hypot(...row);
  });
  const error = Math.min(maxError(unit, want), maxError(got, want));
  assert.ok(error < 1e-4, `max error ${error}`);
  features.dispose();
  await file.close();
});

test("token ids outside the vocabulary and pixels of another size are refused", () => {
  assert.throws(() => clip.text?.forward(Int32Array.of(1, 600), 2), /token id 600 is outside/);
  const pixels = tensor(device, new Float32Array(3 * 32 * 32), [1, 3, 32, 32]);
  assert.throws(() => clip.vision.forward(pixels), /must be \[batch, 3, 64, 64\]/);
  pixels.dispose();
});

if (present) test.run();
else {
  const skipped = suite("clip on golden/tiny");
  skipped("skipped: ../shared/golden/tiny is absent", () =>
    console.log("skipped: ../shared/golden/tiny absent"),
  );
  skipped.run();
}
