import { createRequire } from "node:module";
import { buildClip, parseConfig, randomParameters } from "@inctrl/clip";
import { openDevice, scope, tensor } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { operand } from "../../src/data.js";
import { visionModel } from "../../src/onnx/vision.js";
import { missing } from "../../src/peers/index.js";

const vision_cfg = { image_size: 32, layers: 2, width: 64, head_width: 32, patch_size: 8 };
const text_cfg = { context_length: 8, vocab_size: 16, width: 64, heads: 1, layers: 1 };
const CONFIGS = {
  "CLIP's with quick GELU": { embed_dim: 16, quick_gelu: true, vision_cfg, text_cfg },
  "CLIP's with GELU": { embed_dim: 16, quick_gelu: false, vision_cfg, text_cfg },
  "timm's": { architecture: "vit_test", img_size: 32, patch_size: 8, embed_dim: 64, depth: 2, num_heads: 2 },
};
const TOLERANCE = 1e-5;

test("onnxruntime computes the same features from the file as our tower", async () => {
  if (missing("onnxruntime cpu")) return console.log("skipped: onnxruntime-node is not installed");
  const ort = createRequire(import.meta.url)("onnxruntime-node");
  const device = await openDevice();
  const pixels = operand(1, 3 * 32 * 32);
  for (const [name, json] of Object.entries(CONFIGS)) {
    const config = parseConfig(json);
    const model = await visionModel(config, randomParameters(3));
    const session = await ort.InferenceSession.create(Buffer.concat(model));
    const feeds = { pixels: new ort.Tensor("float32", pixels, [1, 3, 32, 32]) };
    const results = await session.run(feeds);
    const got: Float32Array = results[session.outputNames[0]].data;
    const clip = await buildClip(device, config, randomParameters(3), { parts: "vision" });
    const ours = scope(() => clip.vision.forward(tensor(device, pixels, [1, 3, 32, 32])).features);
    const want = await ours.data();
    assert.is(got.length, want.length);
    const error = Math.max(...want.map((v, i) => Math.abs(v - got[i])));
    assert.ok(error <= TOLERANCE, `${name}: off by ${error}`);
    for (const each of [ours, clip]) each.dispose();
    await session.release();
  }
  device.close();
});

test.run();
