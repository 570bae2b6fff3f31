import { join } from "node:path";
import { loadClip, openWeights, parseConfig } from "@inctrl/clip";
import { encodeViews } from "@inctrl/detect";
import { type Device, openSafetensors, type Tensor } from "@inctrl/tensor";
import * as assert from "uvu/assert";
import { isHeadName } from "../src/heads.js";
import {
  type Backbone,
  Heads,
  PromptBank,
  prototypesFromIds,
  Scorer,
  type ScorerOptions,
  type ViewScore,
} from "../src/index.js";
import { deviceTests, fixtureBackbone, maxError, PATCH14, randomView } from "./support.js";

const test = deviceTests("scorer");
const SIZE = 71;
const PATCHES = 25;
const views = (count: number, seed = 1000) =>
  Array.from({ length: count }, (_, i) => randomView(seed + i, SIZE));
const prompts = [1, 2, 3].map((seed) => ({ name: `${seed}`, views: [randomView(seed, SIZE)] }));

/** Text prototypes of the fixture's model, from the token ids that it was made with. */
async function fixturePrototypes(device: Device): Promise<Tensor> {
  const { readFile } = await import("node:fs/promises");
  const config = parseConfig(await readFile(join(PATCH14, "config.json"), "utf8"));
  const weights = await openWeights(join(PATCH14, "inctrl.pyth"), { extra: isHeadName });
  using clip = await loadClip(device, config, weights, { parts: "text" });
  await weights.close();
  const golden = await openSafetensors(join(PATCH14, "forward.safetensors"));
  const ids = async (name: string) => Int32Array.from(await golden.readFloat32(name));
  const [normal, anomaly] = [await ids("normal_ids"), await ids("abnormal_ids")];
  await golden.close();
  assert.ok(clip.text);
  return prototypesFromIds(clip.text, normal, anomaly, 7);
}

/** A scorer of the fixture's model, with what is asked for, and all that it is made of. */
async function withScorer(
  device: Device,
  parts: { heads?: boolean; text?: boolean; alpha?: number },
  run: (scorer: Scorer, options: ScorerOptions & { backbone: Backbone }) => Promise<void>,
): Promise<void> {
  using backbone = await fixtureBackbone(device);
  using bank = await PromptBank.encode(backbone, prompts);
  const heads = parts.heads ? await Heads.load(join(PATCH14, "inctrl.pyth"), device) : undefined;
  const prototypes = parts.text ? await fixturePrototypes(device) : undefined;
  const options = { backbone, bank, heads, prototypes, alpha: parts.alpha };
  {
    using scorer = new Scorer(options);
    await run(scorer, options);
  }
  heads?.dispose();
  prototypes?.dispose();
}

for (const heads of [true, false]) {
  test(`the same image scores the same at batch 1, 8 and 48 and in any order (${heads ? "with" : "without"} heads)`, async ({
    device,
  }) => {
    await withScorer(device, { heads, text: heads }, async (scorer) => {
      const images = views(48);
      const all = await scorer.score(images);
      const inBatches = async (order: number[], batch: number) => {
        const scores = new Array<ViewScore>(order.length);
        for (let at = 0; at < order.length; at += batch) {
          const some = order.slice(at, at + batch);
          const got = await scorer.score(some.map((i) => images[i]));
          for (const [j, i] of some.entries()) scores[i] = got[j];
        }
        return scores;
      };
      const ascending = images.map((_, i) => i);
      const shuffled = ascending.map((i) => (i * 29 + 5) % 48);
      const runs = {
        ones: await inBatches(ascending, 1),
        eights: await inBatches(ascending, 8),
        "eights, shuffled": await inBatches(shuffled, 8),
        "48, reversed": await inBatches(ascending.toReversed(), 48),
        fives: await inBatches(shuffled, 5),
      };
      // A CPU adds in one order whatever the batch; a GPU's compiler may round batches of other sizes differently.
      const tolerance = device.caps.software ? 0 : 1e-5;
      for (const [name, scores] of Object.entries(runs)) {
        for (const key of ["score", "residual", "imageResidual", "text", "phi"] as const) {
          const values = (list: ViewScore[]) => list.map((view) => view[key] ?? -1);
          const error = maxError(values(scores), values(all));
          assert.ok(error <= tolerance, `${name}: ${key} differs by ${error}`);
        }
        for (const [i, { map, match }] of scores.entries()) {
          assert.ok(maxError(map, all[i].map) <= tolerance, `${name}: map of ${i}`);
          if (tolerance === 0) assert.equal(match, all[i].match);
        }
      }
      const distinct = new Set(all.map(({ score }) => score));
      assert.is(distinct.size, 48, "images that all score alike would prove nothing");
    });
  });
}

test("M, s_p and the matches are those of a plain float64 loop over the tapped features", async ({
  device,
}) => {
  await withScorer(device, {}, async (scorer, { backbone }) => {
    const images = views(5);
    const read = async (of: typeof images) => {
      const { features, taps } = encodeViews(backbone, of);
      const values = await Promise.all(taps.map((tap) => tap.data() as Promise<Float32Array>));
      for (const t of [features, ...taps]) t.dispose();
      return values;
    };
    const width = backbone.config.vision.width;
    const [seen, given] = [await read(images), await read(prompts.flatMap((prompt) => prompt.views))];
    const scores = await scorer.score(images);
    for (const [i, view] of scores.entries()) {
      assert.equal([view.phi, view.text, view.imageResidual, view.grid], [null, null, null, 5]);
      assert.is(view.score, view.residual);
      const map = new Float64Array(PATCHES);
      let deepest: { row: number; cosines: number[] }[] = [];
      for (const [b, tap] of seen.entries()) {
        deepest = [];
        for (let p = 0; p < PATCHES; p++) {
          const cosines = Array.from({ length: 3 * PATCHES }, (_, row) =>
            cosine(tap, (i * PATCHES + p) * width, given[b], row * width, width),
          );
          const best = Math.max(...cosines);
          map[p] += (0.5 * (1 - best)) / seen.length;
          deepest.push({ row: cosines.indexOf(best), cosines });
        }
      }
      assert.ok(maxError(view.map, map) < 1e-6, `map of ${i}`);
      assert.ok(Math.abs(view.residual - Math.max(...map)) < 1e-6, `s_p of ${i}`);
      for (const [p, { row, cosines }] of deepest.entries()) {
        // Two rows may be equally near within float32.
        assert.ok(cosines[row] - cosines[view.matches[p]] < 1e-6, `match of patch ${p} of ${i}`);
      }
      const { queryPatch, prompt, patch } = view.match;
      assert.is(view.map[queryPatch], view.residual);
      assert.is(prompt * PATCHES + patch, view.matches[queryPatch]);
    }
  });
});

function cosine(a: Float32Array, atA: number, b: Float32Array, atB: number, width: number): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let k = 0; k < width; k++) {
    dot += a[atA + k] * b[atB + k];
    aa += a[atA + k] ** 2;
    bb += b[atB + k] ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}

/** psi, eta and phi in float64 from the released parameters. */
async function referenceHeads() {
  const weights = await openWeights(join(PATCH14, "inctrl.pyth"), { extra: isHeadName });
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

for (const alpha of [undefined, 3]) {
  test(`with heads and text, every part and the score follow the paper (alpha ${alpha ?? "by default 1"})`, async ({
    device,
  }) => {
    const reference = await referenceHeads();
    await withScorer(device, { heads: true, text: true, alpha }, async (scorer, { backbone, prototypes }) => {
      const images = views(4, 50);
      const featuresOf = async (of: typeof images) => {
        const { features, taps } = encodeViews(backbone, of);
        const values = await features.data();
        for (const t of [features, ...taps]) t.dispose();
        return of.map((_, i) => [...values.slice(18 * i, 18 * i + 18)]);
      };
      const adapted = (await featuresOf(prompts.flatMap((prompt) => prompt.views))).map(reference.psi);
      const mean = adapted[0].map((_, k) => adapted.reduce((sum, row) => sum + row[k], 0) / adapted.length);
      const queries = await featuresOf(images);
      const texts = await prototypes!.data();
      for (const [i, view] of (await scorer.score(images)).entries()) {
        const query = queries[i];
        const own = reference.psi(query);
        const image = reference.eta(mean.map((v, k) => v - own[k]));
        const cosines = [0, 18].map((at) => cosine(Float32Array.from(query), 0, texts, at, 18));
        const text = 1 / (1 + Math.exp(100 * (cosines[0] - cosines[1])));
        const phi = reference.phi([...view.map].map((v) => v + image + text));
        const near = (got: number | null, want: number, tolerance: number, what: string) =>
          assert.ok(
            got !== null && Math.abs(got - want) <= tolerance,
            `${what} of ${i}: ${got}, want ${want}`,
          );
        near(view.imageResidual, image, 1e-5, "s_i");
        near(view.text, text, 1e-4, "s_a");
        near(view.phi, phi, 1e-4, "phi");
        const weight = alpha ?? 1;
        near(view.score, ((view.phi as number) + weight * view.residual) / (1 + weight), 1e-6, "score");
      }
    });
  });
}

test("without heads the score is s_p, with text s_a stands beside it", async ({ device }) => {
  const images = views(3);
  let bare: ViewScore[] = [];
  await withScorer(device, {}, async (scorer) => {
    bare = await scorer.score(images);
  });
  await withScorer(device, { text: true }, async (scorer) => {
    const scores = await scorer.score(images);
    for (const [i, { text, ...rest }] of scores.entries()) {
      assert.ok(text !== null && text > 0 && text < 1, `${text}`);
      assert.equal({ ...rest, text: null }, bare[i]);
    }
  });
  await withScorer(device, { heads: true }, async (scorer) => {
    const scores = await scorer.score(images);
    for (const [i, { text, residual, phi, imageResidual }] of scores.entries()) {
      assert.is(text, null);
      assert.is(residual, bare[i].residual);
      assert.ok(phi !== null && imageResidual !== null);
    }
  });
});

test("no views give no scores, and a second batch may be handed in while one runs", async ({ device }) => {
  await withScorer(device, { heads: true }, async (scorer) => {
    assert.equal(await scorer.score([]), []);
    const images = views(6);
    const apart = [await scorer.score(images.slice(0, 3)), await scorer.score(images.slice(3))];
    const together = await Promise.all([scorer.score(images.slice(0, 3)), scorer.score(images.slice(3))]);
    assert.equal(together, apart);
  });
});

test.run();
