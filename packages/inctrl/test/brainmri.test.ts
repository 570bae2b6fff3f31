import { join } from "node:path";
import { listImages } from "@inctrl/datasets";
import * as assert from "uvu/assert";
import { auroc, openBackbone, PromptBank, readPrompts, Scorer, scoreImages } from "../src/index.js";
import { deviceTests, shared } from "./support.js";

const test = deviceTests("DeiT-Tiny on BrainMRI");

test("the first 4 normals as prompts and all others scored: AUROC 0.7999 within 0.002", async ({
  device,
}) => {
  const data = shared("data/brainmri");
  const weights = shared("weights/deit-tiny-patch16-224/model.safetensors");
  if (!data || !weights) return;
  const [normal, anomalous] = [await listImages(join(data, "no")), await listImages(join(data, "yes"))];
  assert.equal([normal.length, anomalous.length], [98, 155]);
  using backbone = await openBackbone(device, weights);
  const { kind, outBlocks, preprocess } = backbone.config;
  assert.equal([kind, outBlocks, preprocess.size], ["vit", [7, 9, 11], 224]);
  using bank = await PromptBank.encode(backbone, await readPrompts(normal.slice(0, 4), backbone, "crop"));
  using scorer = new Scorer({ backbone, bank });
  const rest = [...normal.slice(4), ...anomalous];
  const scores: number[] = [];
  for await (const result of scoreImages(scorer, rest, { batch: 8 })) {
    if ("error" in result) throw result.error;
    assert.is(result.image, rest[scores.length]);
    scores.push(result.score);
  }
  assert.is(scores.length, 249);
  const labels = rest.map((path) => (path.includes("/yes/") ? 1 : 0));
  const area = auroc(labels, scores);
  assert.ok(area !== null && Math.abs(area - 0.7999) <= 0.002, `AUROC ${area}`);
});

test.run();
