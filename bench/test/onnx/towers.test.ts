import { createRequire } from "node:module";
import { findResNet, ResNet, randomResNet } from "@inctrl/baselines";
import { type ModelConfig, parseConfig, randomParameters } from "@inctrl/clip";
import { type Backbone, randomBackbone, type Tap } from "@inctrl/detect";
import { findRuntime, resnetTower, type Tower, tapName, towerModel, vitTower } from "@inctrl/onnx";
import { openDevice, scope, tensor } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { operand } from "../../src/data.js";

const vision_cfg = { image_size: 32, layers: 2, width: 64, head_width: 32, patch_size: 8 };
const text_cfg = { context_length: 8, vocab_size: 16, width: 64, heads: 1, layers: 1 };
const VIT = { architecture: "vit_test", img_size: 32, patch_size: 8, embed_dim: 64, depth: 2, num_heads: 2 };
/** A configuration with another vision tower. */
const altered = (vision: Partial<ModelConfig["vision"]>): ModelConfig => {
  const config = parseConfig(VIT);
  return { ...config, vision: { ...config.vision, ...vision } };
};
const CONFIGS: Record<string, ModelConfig> = {
  "CLIP's with quick GELU": parseConfig({ embed_dim: 16, quick_gelu: true, vision_cfg, text_cfg }),
  "CLIP's with GELU": parseConfig({ embed_dim: 16, quick_gelu: false, vision_cfg, text_cfg }),
  "timm's": parseConfig(VIT),
  "distilled DeiT": altered({ distilled: true }),
  "DINOv2 with registers": altered({ registers: 4, layerScale: true, positions: "antialias" }),
  "DINOv2 giant": altered({ swiglu: true, layerScale: true, positions: "offset" }),
};
const SEED = 3;
/** Products of 64 to 512 terms, summed in another order. */
const TOLERANCE = 2e-5;

const runtime = findRuntime(createRequire(import.meta.url));

/** Features and taps of two images must be ours. */
async function agrees(name: string, backbone: Backbone, tower: Tower, taps: readonly Tap[]) {
  const shape = [2, 3, tower.size, tower.size];
  const pixels = operand(
    1,
    shape.reduce((a, b) => a * b),
  );
  const session = await runtime!.open(Buffer.concat(await towerModel(tower, { taps })));
  const found = await session.run({ pixels: runtime!.tensor("float32", pixels, shape) });
  const ours = scope(() => backbone.encode(tensor(backbone.device, pixels, shape), taps));
  for (const [key, want] of [
    ["features", ours.features] as const,
    ...taps.map((tap, i) => [tapName(tap), ours.taps[i]] as const),
  ]) {
    assert.equal(found[key].dims, want.shape, `${name}: ${key}`);
    const values = (await want.data()) as Float32Array;
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const error = values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[key].data[i])), 0);
    assert.ok(error <= TOLERANCE * scale, `${name}: ${key} is off by ${error} of ${scale}`);
    want.dispose();
  }
  await session.release();
  backbone.dispose();
}

test("onnxruntime computes the features and patches of our towers from the files", async () => {
  if (!runtime) return console.log("skipped: onnxruntime-node is not installed");
  const device = await openDevice();
  for (const [name, config] of Object.entries(CONFIGS)) {
    const taps = config.vision.distilled ? [1] : [1, 2, "norm"];
    const tower = vitTower(config, randomParameters(SEED));
    await agrees(name, await randomBackbone(device, config, SEED), tower, taps);
  }
  const dino = CONFIGS["DINOv2 giant"];
  const larger = vitTower(dino, randomParameters(SEED), 48);
  await agrees("positions of another size", await randomBackbone(device, dino, SEED), larger, [2]);
  const config = findResNet("resnet18")!;
  const resnet = resnetTower(new ResNet(config), randomParameters(SEED), 64);
  await agrees("ResNet-18", await randomResNet(device, config, SEED), resnet, [1, 3]);
  device.close();
});

test.run();
