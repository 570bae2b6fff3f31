import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createTokenizer, loadClip, openWeights, parseConfig, type TextTransformer } from "@inctrl/clip";
import { promptTexts } from "@inctrl/detect";
import { type Device, openSafetensors, type Tensor, tensor } from "@inctrl/tensor";
import { generator, isHead, maxError, PATCH14, shared, THREE_SHOT } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { classPrototypes, prototypesFromIds, textScore } from "../../src/index.js";

const test = deviceTests("prototypes");

async function withText(
  device: Device,
  fixture: string,
  run: (text: TextTransformer) => Promise<void>,
): Promise<void> {
  const config = parseConfig(await readFile(join(fixture, "config.json"), "utf8"));
  const weights = await openWeights(join(fixture, "inctrl.pyth"), { extra: isHead });
  using clip = await loadClip(device, config, weights, { parts: "text" });
  await weights.close();
  assert.ok(clip.text);
  await run(clip.text);
}

async function goldenIds(fixture: string) {
  const file = await openSafetensors(join(fixture, "forward.safetensors"));
  const ids = async (name: string) => Int32Array.from(await file.readFloat32(name));
  const all = {
    normal: await ids("normal_ids"),
    anomaly: await ids("abnormal_ids"),
    length: file.tensors.get("normal_ids")?.shape[1] as number,
    prototypes: await file.readFloat32("prototypes"),
  };
  await file.close();
  return all;
}

/** The values of a tensor, which is freed. */
async function take(made: Tensor): Promise<Float32Array> {
  const values = await made.data();
  made.dispose();
  return values;
}

/** Rows of ids brought to another length with padding. */
function padded(ids: Int32Array, from: number, to: number): Int32Array {
  const rows = ids.length / from;
  const out = new Int32Array(rows * to);
  for (let row = 0; row < rows; row++)
    out.set(ids.subarray(row * from, row * from + Math.min(from, to)), row * to);
  return out;
}

for (const [name, path] of [
  ["three-shot", THREE_SHOT],
  ["patch14-one-shot", PATCH14],
  ["golden/tiny", null],
] as const) {
  test(`${name}: prototypes agree with PyTorch, and padding up to the context changes nothing`, async ({
    device,
  }) => {
    const fixture = path ?? shared("golden/tiny");
    if (!fixture) return;
    const { normal, anomaly, length, prototypes } = await goldenIds(fixture);
    await withText(device, fixture, async (text) => {
      const context = text.text.contextLength;
      const given = await take(prototypesFromIds(text, { normal, anomaly, length }));
      assert.ok(maxError(given, prototypes) < 1e-6, `${maxError(given, prototypes)}`);
      const full = await take(
        prototypesFromIds(text, {
          normal: padded(normal, length, context),
          anomaly: padded(anomaly, length, context),
          length: context,
        }),
      );
      assert.equal(full, given);
    });
  });

  test(`${name}: a text alone, cut to its length, has the feature it has beside one that fills the context`, async ({
    device,
  }) => {
    const fixture = path ?? shared("golden/tiny");
    if (!fixture) return;
    const { normal, length } = await goldenIds(fixture);
    await withText(device, fixture, async (text) => {
      const { contextLength: context, vocabSize, width } = text.text;
      const end = vocabSize - 1;
      const rows = padded(normal, length, context);
      const filling = Int32Array.from({ length: context }, (_, i) =>
        i === context - 1 ? end : 1 + (i % (end - 2)),
      );
      const together = await take(text.forward(Int32Array.from([...rows, ...filling])));
      const embed = together.length / (rows.length / context + 1);
      assert.ok(width > 0);
      for (let row = 0; row < rows.length / context; row++) {
        const alone = await take(text.forward(rows.slice(row * context, row * context + context)));
        const error = maxError(alone, together.subarray(row * embed, row * embed + embed));
        assert.ok(error < 2e-6, `text ${row}: ${error}`);
      }
    });
  });
}

test("more prompts than are encoded at once are averaged as one ensemble", async ({ device }) => {
  await withText(device, THREE_SHOT, async (text) => {
    const next = generator(3);
    const row = () => {
      const ids = Int32Array.from({ length: 9 }, () => 1 + Math.floor(next() * 58));
      ids[8] = 60;
      return [...ids];
    };
    const ids = Int32Array.from(Array.from({ length: 150 }, row).flat());
    const features = await take(text.forward(ids, 9));
    const mean = new Float64Array(11);
    for (let i = 0; i < 150; i++) {
      const feature = features.subarray(11 * i, 11 * i + 11);
      const norm = Math.hypot(...feature);
      for (let k = 0; k < 11; k++) mean[k] += feature[k] / norm / 150;
    }
    const norm = Math.hypot(...mean);
    const prototypes = await take(
      prototypesFromIds(text, { normal: ids, anomaly: ids.subarray(0, 9), length: 9 }),
    );
    assert.ok(
      maxError(
        prototypes.subarray(0, 11),
        mean.map((v) => v / norm),
      ) < 1e-6,
    );
    const single = features.subarray(0, 11).map((v) => v / Math.hypot(...features.subarray(0, 11)));
    assert.ok(maxError(prototypes.subarray(11), single) < 1e-6);
  });
});

test("golden/tiny: a class's prototypes are those of its prompt texts", async ({ device }) => {
  const tiny = shared("golden/tiny");
  if (!tiny) return;
  // Pairs of printable letters: 86 merges make up the model's 600 tokens.
  const letters = "etaoinshrdlu";
  const merges = [...letters].flatMap((a) => [...letters].map((b) => `${a} ${b}`)).slice(0, 86);
  const tokenizer = createTokenizer(["#version: 0.2", ...merges].join("\n"), { vocabSize: 600 });
  await withText(device, tiny, async (text) => {
    const { normal, anomaly } = promptTexts("metal_nut");
    const ids = (texts: string[]) => tokenizer.tokenize(texts, 24);
    const named = await take(classPrototypes(text, tokenizer, "metal_nut"));
    assert.equal(
      await take(prototypesFromIds(text, { normal: ids(normal), anomaly: ids(anomaly), length: 24 })),
      named,
    );
    assert.not.equal(await take(classPrototypes(text, tokenizer, "wood")), named);
  });
});

test("s_a is the softmax at temperature 100, and stays finite for opposite features", async ({ device }) => {
  const prototypes = tensor(device, Float32Array.of(1, 0, 0, 1), [2, 2]);
  const features = tensor(device, Float32Array.of(3, 3, 3, 3.03, 5, 0, 0, 0.1, -1, 1), [5, 2]);
  const got = await take(textScore(features, prototypes));
  const want = [
    [3, 3],
    [3, 3.03],
    [5, 0],
    [0, 0.1],
    [-1, 1],
  ].map(([a, b]) => 1 / (1 + Math.exp((100 * (a - b)) / Math.hypot(a, b))));
  assert.ok(maxError(got, want) < 1e-5, `${got} ${want}`);
  const mild = await take(textScore(features, prototypes, 2));
  assert.ok(Math.abs(mild[4] - 1 / (1 + Math.exp(-4 / Math.SQRT2))) < 1e-6, `${mild[4]}`);
  for (const t of [prototypes, features]) t.dispose();
});

test.run();
