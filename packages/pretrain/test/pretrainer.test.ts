import { buildClip, clipParameters, createTokenizer, parseConfig } from "@inctrl/clip";
import { scope, type Tensor } from "@inctrl/tensor";
import { generator } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { matchTargets, patchTargets } from "../src/data/batch.js";
import { batchTexts } from "../src/data/texts.js";
import { type CaptionedBatch, PretrainError, Pretrainer, type PretrainOptions } from "../src/index.js";
import { initialParameters } from "../src/init.js";
import { pretrainLoss } from "../src/loss/loss.js";
import { uploadPixels } from "../src/pretrainer.js";

const CONFIG = parseConfig({
  embed_dim: 12,
  quick_gelu: true,
  vision_cfg: { image_size: 8, patch_size: 4, width: 16, head_width: 8, layers: 2 },
  text_cfg: { context_length: 60, vocab_size: 514, width: 16, heads: 2, layers: 1 },
});
const tokenizer = createTokenizer("#version: 0.2\n", { vocabSize: 514 });
const OPTIONS: PretrainOptions = {
  ...{ steps: 40, lr: 3e-3, warmUp: 3, coolDown: 10, weightDecay: 0.05, clip: 1, seed: 5 },
  weights: { match: 1, state: 0.7, patch: 1.3, residual: 0, appearance: 0 },
};

/** Grey images; the damaged ones have a white patch. */
function batchOf(seed: number, count = 6): CaptionedBatch {
  const next = generator(seed);
  const pixels = Uint8Array.from({ length: count * 192 }, () => 90 + 40 * next());
  const masks = new Uint8Array(count * 64);
  const damaged = Array.from({ length: count }, (_, i) => i % 2 === 1);
  damaged.forEach((bad, i) => {
    const corner = Math.floor(4 * next());
    for (let p = 0; bad && p < 64; p++) {
      if ((p % 8 >= 4 ? 1 : 0) + (p >= 32 ? 2 : 0) !== corner) continue;
      masks[i * 64 + p] = 255;
      pixels.fill(250, (i * 64 + p) * 3, (i * 64 + p) * 3 + 3);
    }
  });
  const names = damaged.map((_, i) => ["nut", "key", "cup"][(i >> 1) % 3]);
  const captions = names.map((name, i) => (damaged[i] ? `a bent ${name}` : `a fine ${name}`));
  return { count, group: 4, size: 8, pixels, masks, captions, classNames: names, classIds: names, damaged };
}

const test = deviceTests("pretraining");

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((s, v, i) => s + v * b[i], 0);
const unit = (a: Float32Array): number[] => Array.from(a, (v) => v / Math.sqrt(dot(a, a)));

test("the loss equals plain loops over the towers' features", async ({ device }) => {
  const clip = await buildClip(device, CONFIG, initialParameters(CONFIG, 3));
  const batch = batchOf(1);
  const texts = batchTexts(batch, tokenizer, 60, generator(4));
  const { losses, features, tap, words } = scope(() => {
    const pixels = uploadPixels(device, CONFIG, batch);
    const seen = clip.vision.forward(pixels, { taps: [1] });
    return {
      losses: pretrainLoss(clip, pixels, batch, texts, OPTIONS.weights),
      features: seen.features,
      tap: seen.taps[0],
      words: clip.text!.forward(texts.ids),
    };
  });
  const rows = async (t: typeof features, n: number) => {
    const values = await t.data();
    return Array.from({ length: values.length / n }, (_, i) => values.slice(i * n, (i + 1) * n));
  };
  const images = (await rows(features, 12)).map(unit);
  const said = (await rows(words, 12)).map(unit);
  const scale = 1 / 0.07;
  const softplus = (x: number) => Math.log1p(Math.exp(x));
  const targets = matchTargets(batch);
  let match = 0;
  for (const flipped of [false, true]) {
    for (let i = 0; i < 6; i++) {
      const logits = images.map((_, j) => {
        const [image, caption] = flipped ? [j, i] : [i, j];
        return scale * dot(images[image], said[texts.caption[caption]]);
      });
      const total = Math.log(logits.reduce((s, v) => s + Math.exp(v), 0));
      logits.forEach((v, j) => {
        match += (targets[i * 6 + j] * (total - v)) / 12;
      });
    }
  }
  const axis = batch.damaged.map((_, i) =>
    said[texts.damaged[i]].map((v, d) => scale * (v - said[texts.flawless[i]][d])),
  );
  const sign = (bad: boolean) => (bad ? 1 : -1);
  const state = axis.reduce((s, a, i) => s + softplus(-sign(batch.damaged[i]) * dot(images[i], a)) / 6, 0);

  // Patches through ln_post and the projection, as the class token goes.
  const proj = clipParameters(CONFIG).get("visual.proj")!;
  const projection = await initialParameters(CONFIG, 3)("visual.proj", proj);
  const { labels, weights } = patchTargets(batch, 4);
  let patch = 0;
  (await rows(tap, 16)).forEach((token, t) => {
    const [image, place] = [Math.floor(t / 5), (t % 5) - 1];
    if (place < 0) return;
    const mean = token.reduce((s, v) => s + v, 0) / 16;
    const deviation = Math.sqrt(token.reduce((s, v) => s + (v - mean) ** 2, 0) / 16 + 1e-5);
    const joint = new Float32Array(12);
    token.forEach((v, k) => {
      for (let d = 0; d < 12; d++) joint[d] += ((v - mean) / deviation) * projection[k * 12 + d];
    });
    const at = image * 4 + place;
    patch += weights[at] * softplus(-labels[at] * dot(unit(joint), axis[image]));
  });

  const want = { match, state, patch, loss: match + 0.7 * state + 1.3 * patch };
  for (const [name, value] of Object.entries(want)) {
    const got = await losses[name as keyof typeof want].item();
    assert.ok(Math.abs(got - value) < 2e-5 * Math.abs(value), `${name}: got ${got}, want ${value}`);
  }
  for (const t of [...Object.values(losses), features, tap, words]) t.dispose();
  clip.dispose();
});

test("training lowers the loss, and resumes byte for byte", async ({ device }) => {
  const create = () => Pretrainer.create(device, CONFIG, tokenizer, OPTIONS);
  const straight = await create();
  const losses: number[] = [];
  let saved = new Map<string, Tensor>();
  for (let step = 0; step < 20; step++) {
    losses.push((await straight.step(batchOf(step))).loss);
    if (step === 11)
      saved = new Map([...straight.state.tensors()].map(([name, t]) => [name, t.view(t.shape)]));
  }
  assert.ok(losses.at(-1)! < 0.7 * losses[0], `${losses[0]} to ${losses.at(-1)}`);
  const again = await create();
  again.state.restore(12, saved);
  assert.is(again.rate, 3e-3);
  for (let step = 12; step < 20; step++) await again.step(batchOf(step));
  assert.is(again.steps, 20);
  const resumed = new Map(again.state.tensors());
  for (const [name, t] of straight.state.tensors())
    assert.equal(await resumed.get(name)!.data(), await t.data(), name);
  straight.dispose();
  again.dispose();
});

test("another model's tokenizer is refused, and so is a loss that is not finite", async ({ device }) => {
  const other = createTokenizer("#version: 0.2\na b\n");
  try {
    await Pretrainer.create(device, CONFIG, other, OPTIONS);
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof PretrainError && error.code === "configuration", String(error));
  }
  const trainer = await Pretrainer.create(device, CONFIG, tokenizer, { ...OPTIONS, lr: 1e30, warmUp: 1 });
  try {
    for (let step = 0; step < 5; step++) await trainer.step(batchOf(step));
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof PretrainError && error.code === "diverged", String(error));
  }
  trainer.dispose();
});

test.run();
