import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "@inctrl/clip";
import { openSafetensors, type StoredTensor, scope, writeSafetensors } from "@inctrl/tensor";
import { isHead, PATCH14, randomImage, shared, THREE_SHOT, throwsCode } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { Encoder, fitImages, openBackbone, randomBackbone } from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("backbone");

const CONFIG = {
  embed_dim: 12,
  vision_cfg: { image_size: 16, patch_size: 8, width: 12, head_width: 6, layers: 2 },
  out_blocks: [1],
};

test("the fingerprint is of the weights, in whatever file they are", async ({ device, folder }) => {
  const config = join(THREE_SHOT, "config.json");
  using plain = await openBackbone(device, join(THREE_SHOT, "clip.safetensors"), { config });
  using released = await openBackbone(device, join(THREE_SHOT, "inctrl.pyth"), { config, extra: isHead });
  using other = await fixtureBackbone(device, PATCH14);
  assert.match(plain.fingerprint, /^[0-9a-f]{64}$/);
  assert.is(released.fingerprint, plain.fingerprint);
  assert.is.not(other.fingerprint, plain.fingerprint);

  const spoil = async (name: string, at: string) => {
    const file = await openSafetensors(join(THREE_SHOT, "clip.safetensors"));
    const tensors: Record<string, StoredTensor> = {};
    for (const { name: key, shape } of file.tensors.values()) {
      const data = await file.readFloat32(key);
      if (key === name) data[data.length - 1] += 1e-3;
      tensors[key] = { dtype: "F32", shape, data };
    }
    await file.close();
    await writeSafetensors(join(folder, at), tensors);
    using spoilt = await openBackbone(device, join(folder, at), { config });
    return spoilt.fingerprint;
  };
  assert.is.not(await spoil("visual.proj", "vision.safetensors"), plain.fingerprint, "one weight off");
  // Banks hold nothing of the text tower.
  assert.is(await spoil("text_projection", "text.safetensors"), plain.fingerprint);
});

test("the same weights run with another activation or other heads are another backbone", async ({
  device,
  folder,
}) => {
  const config = JSON.parse(readFileSync(join(THREE_SHOT, "config.json"), "utf8"));
  const prints = new Set<string>();
  for (const [i, changed] of [
    config,
    { ...config, quick_gelu: true },
    { ...config, vision_cfg: { ...config.vision_cfg, head_width: 10 } },
  ].entries()) {
    const path = join(folder, `config-${i}.json`);
    writeFileSync(path, JSON.stringify(changed));
    using backbone = await openBackbone(device, join(THREE_SHOT, "clip.safetensors"), { config: path });
    prints.add(backbone.fingerprint);
  }
  assert.is(prints.size, 3);
});

test("golden/tiny: .safetensors, .pt and .pyth have one fingerprint, half precision another", async ({
  device,
}) => {
  const tiny = shared("golden/tiny");
  if (!tiny) return;
  const prints: string[] = [];
  for (const name of ["clip.safetensors", "clip.pt", "inctrl.pyth", "clip-trainer-fp16.pt"]) {
    using backbone = await openBackbone(device, join(tiny, name), {
      config: join(tiny, "config.json"),
      extra: isHead,
    });
    prints.push(backbone.fingerprint);
  }
  assert.equal([prints[1], prints[2]], [prints[0], prints[0]]);
  assert.is.not(prints[3], prints[0]);
});

test("an untrained backbone is the same for the same seed, tells itself untrained, and has no text", async ({
  device,
}) => {
  const config = { ...parseConfig(CONFIG), name: "small" };
  using first = await randomBackbone(device, config, 5);
  using second = await randomBackbone(device, config, 5);
  using third = await randomBackbone(device, config, 6);
  assert.is(first.name, "untrained small (seed 5)");
  assert.is(second.fingerprint, first.fingerprint);
  assert.is.not(third.fingerprint, first.fingerprint);
  const score = async (backbone: typeof first) => {
    using fitted = await fitImages(nearestPatch(new Encoder(backbone)), [randomImage(1, 16)]);
    return await scoreWith(fitted, [randomImage(2, 16), randomImage(3, 16)]);
  };
  assert.equal(await score(second), await score(first));
  assert.not.equal(await score(third), await score(first));
  assert.is(first.hasText, false);
  await throwsCode(
    () => first.prototypes("cable"),
    "text",
    /untrained small \(seed 5\) has no text tower.*leave it out/,
  );
});

test("files and configurations that do not fit are refused and leave nothing on the device", async ({
  device,
  folder,
}) => {
  const open = (source: string, config?: string) => openBackbone(device, source, { config, extra: isHead });
  const weights = join(THREE_SHOT, "clip.safetensors");
  await throwsCode(() => open(join(folder, "no.safetensors")), "not-found", /no\.safetensors: no such file/);
  await throwsCode(() => open("no-such-model"), "unknown-model", /"no-such-model"/);
  const alone = join(folder, "alone.safetensors");
  cpSync(weights, alone);
  await throwsCode(
    () => open(alone),
    "layout",
    /width of 10 does not tell its number of heads; give a configuration/,
  );
  await throwsCode(() => open(weights, join(folder, "no.json")), "config", /no\.json: cannot be read/);
  await throwsCode(() => open(weights, "ViT-B-99"), "unknown-model", /ViT-B-99/);
  await throwsCode(
    () => open(weights, join(PATCH14, "config.json")),
    "keys",
    /misshaped \("visual\.class_embedding" is \[10\], not \[15\]/,
  );
  cpSync(weights, join(folder, "renamed.png"));
  using backbone = await open(join(folder, "renamed.png"), join(THREE_SHOT, "config.json"));
  assert.is(backbone.name, "renamed.png");
});

test("the tap after the final norm is ln_post of the last block's patches, beside which its bank is kept", async ({
  device,
  folder,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const { layers, width } = backbone.config.vision;
  const encoder = new Encoder(backbone, { taps: ["norm", layers] });
  assert.equal(encoder.layouts[0], encoder.layouts[1]);
  for await (const batch of encoder.encode([randomImage(1, 17)])) {
    const [normed, raw] = batch.taps;
    const again = scope(() => backbone.clip.vision.ln_post.forward(raw));
    assert.equal(await normed.data(), await again.data());
    assert.is(normed.shape[2], width);
    again.dispose();
    batch.dispose();
  }
  const path = join(folder, "norm.safetensors");
  const detector = nearestPatch(encoder);
  using fitted = await fitImages(detector, [randomImage(1, 17)]);
  await fitted.save(path);
  using loaded = await detector.load(path);
  const queries = [randomImage(2, 17)];
  assert.equal(await scoreWith(loaded, queries), await scoreWith(fitted, queries));
});

test.run();
