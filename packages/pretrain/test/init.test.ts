import { clipParameters, parseConfig } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { initialParameters } from "../src/init.js";

const CONFIG = parseConfig({
  embed_dim: 12,
  vision_cfg: { image_size: 16, patch_size: 4, width: 16, head_width: 8, layers: 2 },
  text_cfg: { context_length: 8, vocab_size: 514, width: 16, heads: 2, layers: 1 },
});
const parameters = clipParameters(CONFIG);
const read = initialParameters(CONFIG, 3);
const first = async (name: string) => read(name, parameters.get(name)!);

test("positions distinguish near patches from far ones, equally along both axes", async () => {
  const values = await first("visual.positional_embedding");
  const token = (t: number) => values.subarray(t * 16, (t + 1) * 16);
  const apart = (x: number, y: number) => {
    const [here, there] = [token(1), token(1 + 4 * y + x)];
    return Math.hypot(...here.map((v, d) => v - there[d]));
  };
  assert.equal([...token(0)], new Array(16).fill(0));
  for (const d of [2, 3]) assert.ok(apart(1, 0) < apart(d, 0), `${d} columns`);
  for (let d = 1; d < 4; d++) assert.ok(Math.abs(apart(d, 0) - apart(0, d)) < 1e-6);
  const lengths = Array.from({ length: 16 }, (_, p) => Math.hypot(...token(1 + p)));
  for (const length of lengths) assert.ok(Math.abs(length - lengths[0]) < 1e-6);
});

test("keys of image patches equal their queries; keys of texts do not", async () => {
  const name = "transformer.resblocks.0.attn.in_proj_weight";
  const image = await first(`visual.${name}`);
  assert.equal(image.slice(256, 512), image.slice(0, 256));
  assert.not.equal(image.slice(512), image.slice(0, 256));
  const text = await first(name);
  assert.not.equal(text.slice(256, 512), text.slice(0, 256));
});

test.run();
