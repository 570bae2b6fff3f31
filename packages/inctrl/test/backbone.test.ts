import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clipParameters, parseConfig, randomParameters } from "@inctrl/clip";
import { openSafetensors, type StoredTensor, writeSafetensors } from "@inctrl/tensor";
import * as assert from "uvu/assert";
import { isHeadName, openBackbone, PromptBank, randomBackbone, Scorer } from "../src/index.js";
import {
  deviceTests,
  fixtureBackbone,
  PATCH14,
  randomView,
  shared,
  THREE_SHOT,
  throwsCode,
} from "./support.js";

const test = deviceTests("backbone");

const CONFIG = {
  embed_dim: 12,
  vision_cfg: { image_size: 16, patch_size: 8, width: 12, head_width: 6, layers: 2 },
  text_cfg: { context_length: 77, vocab_size: 520, width: 12, heads: 2, layers: 1 },
  out_blocks: [1],
};
/** Six merges: a vocabulary of 520 tokens. */
const MERGES = "#version: 0.2\np h\nph o\npho t\nphot o</w>\no f</w>\na n\n";

test("the fingerprint is of the weights, in whatever file they are", async ({ device, folder }) => {
  const config = join(THREE_SHOT, "config.json");
  using plain = await openBackbone(device, join(THREE_SHOT, "clip.safetensors"), { config });
  using released = await openBackbone(device, join(THREE_SHOT, "inctrl.pyth"), { config, extra: isHeadName });
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
      extra: isHeadName,
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
    using bank = await PromptBank.encode(backbone, [{ name: "p", views: [randomView(1, 16)] }]);
    using scorer = new Scorer({ backbone, bank });
    return scorer.score([randomView(2, 16), randomView(3, 16)]);
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

test("a class's prototypes are made once; without a vocabulary the text says where to get one", async ({
  device,
  folder,
}) => {
  const config = parseConfig(CONFIG);
  const read = randomParameters(1);
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, parameter] of clipParameters(config)) {
    tensors[name] = { dtype: "F32", shape: parameter.shape, data: await read(name, parameter) };
  }
  const weights = join(folder, "text.safetensors");
  await writeSafetensors(weights, tensors);
  writeFileSync(join(folder, "config.json"), JSON.stringify(CONFIG));
  writeFileSync(join(folder, "merges.txt"), MERGES);
  writeFileSync(join(folder, "short.txt"), MERGES.slice(0, MERGES.indexOf("phot o")));
  const open = (vocabulary?: string) =>
    openBackbone(device, weights, {
      config: join(folder, "config.json"),
      vocabulary: vocabulary && join(folder, vocabulary),
    });
  {
    using backbone = await open("merges.txt");
    assert.is(backbone.hasText, true);
    const before = device.memory();
    const made = await backbone.prototypes("cable");
    assert.equal(made.shape, [2, 12]);
    assert.is(device.memory().tensors, before.tensors + 1, "the text tower is closed again");
    assert.is(await backbone.prototypes("cable"), made);
    const other = await backbone.prototypes("wood");
    assert.is.not(other, made);
    assert.not.equal(await other.data(), await made.data());
    const [normal, anomalous] = [await made.data(), await made.data()].map((all, i) =>
      [...all.slice(12 * i, 12 * i + 12)].reduce((sum, v) => sum + v * v, 0),
    );
    assert.ok(Math.abs(normal - 1) < 1e-6 && Math.abs(anomalous - 1) < 1e-6, "unit length");
  }
  {
    using backbone = await open("short.txt");
    const before = device.memory().tensors;
    await throwsCode(() => backbone.prototypes("cable"), "vocabulary", /short\.txt: holds \d merges/);
    assert.is(device.memory().tensors, before);
  }
  const cache = process.env.INCTRL_CACHE;
  process.env.INCTRL_CACHE = join(folder, "empty-cache");
  try {
    using backbone = await open();
    await throwsCode(() => backbone.prototypes("cable"), "text", /inctrl models pull clip-vocabulary/);
  } finally {
    if (cache === undefined) delete process.env.INCTRL_CACHE;
    else process.env.INCTRL_CACHE = cache;
  }
});

test("prototypes are kept on disk: read again without the tower, and made again where the file is damaged", async ({
  device,
  folder,
}) => {
  const tensors: Record<string, StoredTensor> = {};
  const read = randomParameters(1);
  for (const [name, parameter] of clipParameters(parseConfig(CONFIG))) {
    tensors[name] = { dtype: "F32", shape: parameter.shape, data: await read(name, parameter) };
  }
  const weights = join(folder, "kept.safetensors");
  const vocabulary = join(folder, "kept-merges.txt");
  const config = join(folder, "kept-config.json");
  const textCache = join(folder, "prototypes");
  await writeSafetensors(weights, tensors);
  writeFileSync(vocabulary, MERGES);
  writeFileSync(config, JSON.stringify(CONFIG));
  const prototypes = async (className = "cable") => {
    using backbone = await openBackbone(device, weights, { config, vocabulary, textCache });
    const before = device.stats.dispatches;
    const values = [...(await (await backbone.prototypes(className)).data())];
    return { values, dispatches: device.stats.dispatches - before };
  };
  const first = await prototypes();
  assert.ok(first.dispatches > 0);
  const [file, ...others] = readdirSync(textCache);
  assert.is(others.length, 0);
  assert.equal(await prototypes(), { values: first.values, dispatches: 0 });
  const path = join(textCache, file);
  const sound = readFileSync(path);
  for (const bad of [
    sound.subarray(0, -7),
    Buffer.from("{}"),
    Buffer.concat([sound.subarray(0, -8), Buffer.alloc(8, 127)]),
  ]) {
    writeFileSync(path, bad);
    const again = await prototypes();
    assert.ok(again.dispatches > 0);
    assert.equal(again.values, first.values);
    assert.ok(readFileSync(path).equals(sound), "the file is mended");
  }
  // Another class, and another text tower beside the same image tower, have files of their own.
  assert.not.equal((await prototypes("wood")).values, first.values);
  const projection = tensors.text_projection.data as Float32Array;
  await writeSafetensors(weights, {
    ...tensors,
    text_projection: { ...tensors.text_projection, data: projection.map((v) => v * (1 + Math.abs(v))) },
  });
  assert.not.equal((await prototypes()).values, first.values);
  assert.is(readdirSync(textCache).length, 3);
});

test("files and configurations that do not fit are refused and leave nothing on the device", async ({
  device,
  folder,
}) => {
  const open = (source: string, config?: string) => openBackbone(device, source, { config });
  const weights = join(THREE_SHOT, "clip.safetensors");
  await throwsCode(() => open(join(folder, "no.safetensors")), "not-found", /no\.safetensors: no such file/);
  await throwsCode(() => open("no-such-model"), "unknown-model", /"no-such-model"/);
  await throwsCode(
    () => open(weights),
    "layout",
    /width of 10 does not tell its number of heads; give a configuration/,
  );
  await throwsCode(() => open(weights, join(folder, "no.json")), "backbone", /no\.json: cannot be read/);
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

test.run();
