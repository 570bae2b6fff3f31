import { join } from "node:path";
import {
  f16ToF32,
  f32ToF16,
  nn,
  type StoredTensor,
  scope,
  sizeOf,
  tensor,
  writeSafetensors,
} from "@inctrl/tensor";
import { maxError, random, throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import {
  buildClip,
  type Clip,
  clipParameters,
  loadClip,
  openWeights,
  parameterCount,
  randomParameters,
  type TextTransformer,
} from "../../src/index.js";
import { readerOf, SMALL_CLIP, SMALL_VIT, storedTensors, take, trainedValues } from "./support.js";

const test = deviceTests("parameters");
const values = trainedValues(SMALL_CLIP, 21);
const IDS = Int32Array.of(19, 3, 8, 20, 0, 19, 5, 20, 0, 0);

async function outputs(clip: Clip): Promise<Float32Array[]> {
  const made = scope(() => {
    const pixels = tensor(clip.device, random(5, 2 * 3 * 121, -2, 2), [2, 3, 11, 11]);
    const { features, taps } = clip.vision.forward(pixels, { taps: [1, 3] });
    return [features, ...taps, ...(clip.text ? [clip.text.forward(IDS, 5)] : [])];
  });
  return Promise.all(made.map(take));
}

test("float16 storage rounds and halves the matrices and the token table, and nothing else", async ({
  device,
}) => {
  using full = await buildClip(device, SMALL_CLIP, readerOf(values));
  using half = await buildClip(device, SMALL_CLIP, readerOf(values), { dtype: "float16" });
  // The same rounding done on the host, kept in float32 with no layer norm folded in: all that may differ is the order of sums.
  const kept = (name: string, rank: number) =>
    rank < 2 || (/embedding/.test(name) && name !== "token_embedding.weight");
  const rounded = new Map(
    [...clipParameters(SMALL_CLIP)].map(([name, { shape }]) => {
      const own = values.get(name) as Float32Array;
      return [name, kept(name, shape.length) ? own : f16ToF32(f32ToF16(own))];
    }),
  );
  using emulated = await buildClip(device, SMALL_CLIP, readerOf(rounded), { trainable: true });
  const [exact, got, want] = [await outputs(full), await outputs(half), await outputs(emulated)];
  for (const [i, output] of got.entries()) {
    assert.ok(maxError(output, want[i]) < 1e-6, `output ${i}: ${maxError(output, want[i])}`);
    const rounding = maxError(output, exact[i]);
    assert.ok(rounding > 0 && rounding < 0.01, `output ${i} is off by ${rounding}`);
  }
  assert.ok(half.bytes < 0.6 * full.bytes, `${half.bytes} of ${full.bytes} bytes`);
});

test("a part alone computes the same and takes less memory; the other part is refused", async ({
  device,
}) => {
  using both = await buildClip(device, SMALL_CLIP, readerOf(values));
  const all = await outputs(both);
  {
    using vision = await buildClip(device, SMALL_CLIP, readerOf(values), { parts: "vision" });
    assert.is(vision.text, undefined);
    assert.equal(await outputs(vision), all.slice(0, 3));
    assert.ok(vision.bytes < both.bytes);
  }
  {
    using text = await buildClip(device, SMALL_CLIP, readerOf(values), { parts: "text" });
    assert.equal(text.text && (await take(text.text.forward(IDS, 5))), all[3]);
    using pixels = tensor(device, new Float32Array(363), [1, 3, 11, 11]);
    await throwsCode(() => text.vision.forward(pixels), "argument", /has no values yet/);
    const { text_projection } = text.text as TextTransformer;
    await throwsCode(() => text_projection.value, "argument", /is packed for products/);
  }
});

test("parameters are asked for once and one at a time, and progress counts their values", async ({
  device,
}) => {
  const asked: string[] = [];
  const seen: [number, number][] = [];
  let open = 0;
  const read = async (name: string, { shape }: nn.Parameter) => {
    assert.is(++open, 1, "two parameters at once");
    await Promise.resolve();
    asked.push(`${name} ${shape}`);
    open--;
    return values.get(name) as Float32Array;
  };
  using _ = await buildClip(device, SMALL_CLIP, read, { onProgress: (...at) => seen.push(at) });
  assert.equal(
    asked,
    [...clipParameters(SMALL_CLIP)].map(([name, { shape }]) => `${name} ${shape}`),
  );
  const total = parameterCount(SMALL_CLIP);
  assert.equal(seen.at(-1), [total, total]);
  assert.ok(seen.every(([loaded, all], i) => all === total && loaded > (seen[i - 1]?.[0] ?? 0)));
});

test("a source that fails half-way or gives too few values leaves nothing on the device", async ({
  device,
}) => {
  let left = 20;
  const failing = async (name: string) => {
    if (--left === 0) throw new Error("the disk went away");
    return values.get(name) as Float32Array;
  };
  let message = "";
  await buildClip(device, SMALL_CLIP, failing).catch((error: Error) => {
    message = error.message;
  });
  assert.is(message, "the disk went away");
  const short = new Map(values).set("visual.ln_post.bias", new Float32Array(3));
  await throwsCode(() => buildClip(device, SMALL_CLIP, readerOf(short)), "shape", /3 values/);
});

test("missing, misshaped and unexpected tensors are refused by name before any is loaded", async ({
  device,
  folder,
}) => {
  let count = 0;
  const refused = async (change: (tensors: Map<string, StoredTensor>) => void, text: RegExp) => {
    const tensors = storedTensors(SMALL_CLIP, values);
    change(tensors);
    const path = join(folder, `bad-${count++}.safetensors`);
    await writeSafetensors(path, tensors);
    const weights = await openWeights(path);
    await throwsCode(() => loadClip(device, SMALL_CLIP, weights), "keys", text);
    await weights.close();
  };
  const zeros = (...shape: number[]): StoredTensor => ({
    dtype: "F32",
    shape,
    data: new Float32Array(sizeOf(shape)),
  });
  await refused((t) => t.delete("visual.proj"), /bad-0\.safetensors: .*1 missing \("visual\.proj"\)/);
  await refused((t) => {
    t.delete("ln_final.bias");
    t.set("ln_final.weight", zeros(10));
    t.set("visual.extra", zeros(1));
  }, /1 missing \("ln_final\.bias"\); 1 unexpected \("visual\.extra"\); 1 misshaped \("ln_final\.weight" is \[10\], not \[9\]\)/);
  await refused((t) => t.set("visual.conv1.bias", zeros(15)), /1 unexpected \("visual\.conv1\.bias"\)/);
  await refused((t) => t.set("visual.positional_embedding", zeros(6, 15)), /is \[6, 15\], not \[5, 15\]/);
  await refused((t) => {
    for (const name of [...t.keys()]) if (name.includes("resblocks.2.")) t.delete(name);
  }, /12 missing \(.* and 4 more\)/);
});

test("a vision tower alone loads where only it is asked for, other parts in the file or not", async ({
  device,
  folder,
}) => {
  const tensors = storedTensors(SMALL_CLIP, values);
  for (const name of [...tensors.keys()]) if (!name.startsWith("visual.")) tensors.delete(name);
  tensors.set("adapter.fc.0.weight", { dtype: "F32", shape: [1, 7], data: new Float32Array(7) });
  const path = join(folder, "vision.safetensors");
  await writeSafetensors(path, tensors);
  const weights = await openWeights(path, { extra: (name) => name.startsWith("adapter.") });
  using clip = await loadClip(device, SMALL_CLIP, weights, { parts: "vision" });
  using full = await buildClip(device, SMALL_CLIP, readerOf(values), { parts: "vision" });
  assert.equal(await outputs(clip), await outputs(full));
  await throwsCode(() => loadClip(device, SMALL_CLIP, weights), "keys", /missing/);
  await weights.close();
});

test("random parameters depend on the seed alone, are bounded, and give finite features", async ({
  device,
}) => {
  const [one, same, other] = [randomParameters(1), randomParameters(1), randomParameters(2)];
  for (const [name, parameter] of [...clipParameters(SMALL_CLIP), ...clipParameters(SMALL_VIT)]) {
    const got = await one(name, parameter);
    assert.equal(await same(name, parameter), got);
    assert.is(got.length, parameter.size);
    if (name === "logit_scale") continue;
    if (/ln_.*weight$/.test(name))
      assert.ok(
        got.every((v) => v === 1),
        name,
      );
    else if (/bias$/.test(name))
      assert.ok(
        got.every((v) => v === 0),
        name,
      );
    else {
      assert.not.equal(await other(name, parameter), got, name);
      assert.ok(got.every((v) => Math.abs(v) <= 1.8) && new Set(got).size > got.length / 2, name);
    }
  }
  const square = await one(
    "visual.transformer.resblocks.0.attn.out_proj.weight",
    new nn.Parameter([256, 256], { role: "weight" }),
  );
  const variance = square.reduce((sum, v) => sum + v * v, 0) / square.length;
  const mean = square.reduce((sum, v) => sum + v, 0) / square.length;
  assert.ok(Math.abs(variance * 256 - 1) < 0.02 && Math.abs(mean) < 1e-3, `${variance * 256} ${mean}`);
  using clip = await buildClip(device, SMALL_VIT, one);
  using pixels = tensor(device, random(1, 507), [1, 3, 13, 13]);
  const features = await take(clip.vision.forward(pixels).features);
  assert.ok(features.every(Number.isFinite) && new Set(features).size === 14);
});

test.run();
