import { join } from "node:path";
import { openWeights } from "@inctrl/clip";
import {
  type Backbone,
  bestMatch,
  Encoder,
  encodePrompts,
  fitImages,
  type ImageItem,
  matchPatches,
  PromptBank,
  readOptions,
  scoreViews,
  type ViewScore,
} from "@inctrl/detect";
import { isHead, maxError, PATCH14, randomImage } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import { cosine, scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { inctrl, METHODS, residual } from "../../src/index.js";
import { openFixture } from "./support.js";

const test = deviceTests("inctrl");
const SIZE = 71;
const PATCHES = 25;
const images = (count: number, seed = 1000) =>
  Array.from({ length: count }, (_, i) => randomImage(seed + i, SIZE));
const prompts = images(3, 1);
const CLASS = { className: "anything" };

for (const full of [true, false]) {
  test(`the same image scores the same at batch 1, 8 and 48 and in any order (${full ? "with" : "without"} heads)`, async ({
    device,
  }) => {
    using fixture = await openFixture(device);
    const { backbone } = fixture;
    const encoder = new Encoder(backbone, { batch: 48 });
    const detector = inctrl(encoder, full ? { heads: fixture.heads } : {});
    using fitted = await fitImages(detector, prompts, full ? CLASS : {});
    const queries = images(48);
    const all = await scoreWith(fitted, queries);
    const inBatches = async (order: number[], batch: number) => {
      const scores = new Array<ViewScore>(order.length);
      const found = await scoreWith(
        fitted,
        order.map((i) => queries[i]),
        new Encoder(backbone, { batch }),
      );
      for (const [j, i] of order.entries()) scores[i] = found[j];
      return scores;
    };
    const ascending = queries.map((_, i) => i);
    const shuffled = ascending.map((i) => (i * 29 + 5) % 48);
    const runs = {
      ones: await inBatches(ascending, 1),
      "eights, shuffled": await inBatches(shuffled, 8),
      elevens: await inBatches(ascending, 11),
      "48, reversed": await inBatches(ascending.toReversed(), 48),
    };
    // A CPU adds in one order whatever the batch; a GPU's compiler may round batches of other sizes differently.
    const tolerance = device.caps.software ? 0 : 1e-5;
    for (const [name, scores] of Object.entries(runs)) {
      const values = (list: ViewScore[]) =>
        list.flatMap(({ score, parts }) => [score, ...Object.values(parts)]);
      const error = maxError(values(scores), values(all));
      assert.ok(error <= tolerance, `${name}: scores differ by ${error}`);
      for (const [i, view] of scores.entries()) {
        assert.equal(Object.keys(view.parts), full ? ["s_p", "s_i", "s_a", "phi"] : ["s_p"]);
        assert.ok(maxError(view.map.values, all[i].map.values) <= tolerance, `${name}: map of ${i}`);
        if (tolerance === 0) assert.equal(bestMatch(view), bestMatch(all[i]));
      }
    }
    const distinct = new Set(all.map(({ score }) => score));
    assert.is(distinct.size, 48, "images that all score alike would prove nothing");
  });
}

/** psi, eta and phi in float64 from the released parameters. */
async function referenceHeads() {
  const weights = await openWeights(join(PATCH14, "inctrl.pyth"), { extra: isHead });
  const values = new Map<string, Float32Array>();
  for (const name of weights.keys.keys()) {
    if (/^(adapter|diff_head)/.test(name)) values.set(name, await weights.readFloat32(name));
  }
  await weights.close();
  const get = (name: string) => values.get(name) as Float32Array;
  const linear = (x: number[], weight: Float32Array, bias?: Float32Array) =>
    Array.from({ length: weight.length / x.length }, (_, o) =>
      x.reduce((sum, v, i) => sum + v * weight[o * x.length + i], bias?.[o] ?? 0),
    );
  const relu = (x: number[]) => x.map((v) => Math.max(0, v));
  const head = (prefix: string, input: number[]) => {
    const layer = (x: number[], i: number) =>
      linear(x, get(`${prefix}.projection${i}.weight`), get(`${prefix}.projection${i}.bias`));
    const norm = (x: number[], i: number) => {
      const part = (name: string, at: number) => get(`${prefix}.bn${i}.${name}`)[at];
      return x.map(
        (v, at) =>
          ((v - part("running_mean", at)) / Math.sqrt(part("running_var", at) + 1e-5)) * part("weight", at) +
          part("bias", at),
      );
    };
    const [logit] = layer(norm(relu(layer(norm(relu(layer(input, 1)), 2), 2)), 3), 3);
    return 1 / (1 + Math.exp(-logit));
  };
  const psi = (x: number[]) =>
    relu(linear(relu(linear(x, get("adapter.fc.0.weight"))), get("adapter.fc.2.weight")));
  return { psi, eta: (x: number[]) => head("diff_head_ref", x), phi: (x: number[]) => head("diff_head", x) };
}

/** Class features of some images, in float64. */
async function featuresOf(backbone: Backbone, of: ImageItem[]): Promise<number[][]> {
  const rows: number[][] = [];
  for await (const { features, views, dispose } of new Encoder(backbone).encode(of)) {
    const values = await features.data();
    for (const i of views.keys()) rows.push([...values.slice(18 * i, 18 * i + 18)]);
    dispose();
  }
  return rows;
}

for (const alpha of [undefined, 3]) {
  test(`with heads and text, every part and the score follow the paper (alpha ${alpha ?? "by default 1"})`, async ({
    device,
  }) => {
    const reference = await referenceHeads();
    using fixture = await openFixture(device);
    const { backbone, heads, prototypes } = fixture;
    using fitted = await fitImages(inctrl(new Encoder(backbone), { heads, alpha }), prompts, CLASS);
    const queries = images(4, 50);
    const adapted = (await featuresOf(backbone, prompts)).map(reference.psi);
    const mean = adapted[0].map((_, k) => adapted.reduce((sum, row) => sum + row[k], 0) / adapted.length);
    const classes = await featuresOf(backbone, queries);
    const texts = await prototypes.data();
    for (const [i, { score, parts, map }] of (await scoreWith(fitted, queries)).entries()) {
      const query = classes[i];
      const own = reference.psi(query);
      const image = reference.eta(mean.map((v, k) => v - own[k]));
      const cosines = [0, 18].map((at) => cosine(Float32Array.from(query), 0, texts, at, 18));
      const text = 1 / (1 + Math.exp(100 * (cosines[0] - cosines[1])));
      const phi = reference.phi([...map.values].map((v) => v + image + text));
      const near = (got: number, want: number, tolerance: number, what: string) =>
        assert.ok(Math.abs(got - want) <= tolerance, `${what} of ${i}: ${got}, want ${want}`);
      assert.is(parts.s_p, Math.max(...map.values));
      near(parts.s_i, image, 1e-5, "s_i");
      near(parts.s_a, text, 1e-4, "s_a");
      near(parts.phi, phi, 1e-4, "phi");
      const weight = alpha ?? 1;
      near(score, (parts.phi + weight * parts.s_p) / (1 + weight), 1e-6, "score");
    }
  });
}

test("without heads the score is s_p, and s_a of a class that is named stands beside it", async ({
  device,
}) => {
  using fixture = await openFixture(device);
  const { backbone, heads } = fixture;
  const encoder = new Encoder(backbone);
  const queries = images(3);
  const scoresOf = async (detector: ReturnType<typeof inctrl>, about: { className?: string } = {}) => {
    using fitted = await fitImages(detector, prompts, about);
    return await scoreWith(fitted, queries);
  };
  const bare = await scoresOf(inctrl(encoder));
  for (const { score, parts } of bare) assert.equal(parts, { s_p: score });
  assert.equal(await scoresOf(residual(encoder)), bare, "the residual alone is the same");
  for (const [i, { parts, ...rest }] of (await scoresOf(inctrl(encoder), CLASS)).entries()) {
    assert.ok(parts.s_a > 0 && parts.s_a < 1, `${parts.s_a}`);
    assert.equal({ ...rest, parts: { s_p: parts.s_p } }, bare[i]);
  }
  for (const [i, { parts }] of (await scoresOf(inctrl(encoder, { heads }))).entries()) {
    assert.equal(Object.keys(parts), ["s_p", "s_i", "phi"]);
    assert.is(parts.s_p, bare[i].parts.s_p);
  }
});

test("no views give no scores, and a second batch may be recorded while one runs", async ({ device }) => {
  using fixture = await openFixture(device);
  const { backbone, heads } = fixture;
  const encoder = new Encoder(backbone, { batch: 3 });
  using fitted = await fitImages(inctrl(encoder, { heads }), prompts);
  assert.equal(await scoreWith(fitted, []), []);
  const apart = await scoreWith(fitted, images(6));
  const recorded: Promise<ViewScore[]>[] = [];
  for await (const batch of encoder.encode(images(6))) {
    recorded.push(scoreViews(fitted, batch));
    batch.dispose();
  }
  assert.equal((await Promise.all(recorded)).flat(), apart);
});

test("saved and loaded, it needs heads and class again and gives the same bits", async ({
  device,
  folder,
}) => {
  using fixture = await openFixture(device);
  const detector = inctrl(new Encoder(fixture.backbone), { heads: fixture.heads });
  using fitted = await fitImages(detector, prompts, CLASS);
  const path = join(folder, "bank.safetensors");
  await fitted.save(path);
  using loaded = await detector.load(path, CLASS);
  assert.equal(await scoreWith(loaded, images(3)), await scoreWith(fitted, images(3)));
  // A bank holds patches and class features: any of these methods can read it.
  using plain = await residual(detector.encoder).load(path);
  const parts = (views: ViewScore[]) => views.map(({ parts: { s_p }, map }) => [s_p, map]);
  assert.equal(parts(await scoreWith(plain, images(3))), parts(await scoreWith(fitted, images(3))));
});

test("similarities that are known give the scores of the detector's own search", async ({ device }) => {
  using fixture = await openFixture(device);
  const encoder = new Encoder(fixture.backbone);
  const encoded = await encodePrompts(encoder, prompts);
  const bank = PromptBank.of(encoder, encoded);
  for (const method of METHODS) {
    using fitted = await method.create(encoder, readOptions(method), fixture.heads).fit(encoded, CLASS);
    for await (const batch of encoder.encode(images(4))) {
      const similarity = () => matchPatches(batch.taps, bank.blocks).similarity;
      const own = await scoreViews(fitted, batch);
      assert.equal(
        await scoreViews(fitted, batch, { similarity }),
        own.map((view) => ({ ...view, matches: null })),
      );
      assert.ok(own.every(({ matches }) => matches?.patches.length === PATCHES));
      batch.dispose();
    }
  }
  for (const held of [bank, ...encoded]) held.dispose();
});

test.run();
