import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clipParameters, parseConfig, randomParameters } from "@inctrl/clip";
import { type StoredTensor, writeSafetensors } from "@inctrl/tensor";
import { throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { openBackbone } from "../../src/index.js";

const test = deviceTests("text source");

const CONFIG = {
  embed_dim: 12,
  vision_cfg: { image_size: 16, patch_size: 8, width: 12, head_width: 6, layers: 2 },
  text_cfg: { context_length: 77, vocab_size: 520, width: 12, heads: 2, layers: 1 },
  out_blocks: [1],
};
/** Six merges: a vocabulary of 520 tokens. */
const MERGES = "#version: 0.2\np h\nph o\npho t\nphot o</w>\no f</w>\na n\n";

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
  const open = (vocabulary?: string, onLongName?: (message: string) => void) =>
    openBackbone(device, weights, {
      config: join(folder, "config.json"),
      onLongName,
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
  const long = "cable ".repeat(60);
  {
    using backbone = await open("merges.txt");
    await throwsCode(() => backbone.prototypes(long), "class-name", /"cable cable .* is too long .* are cut/);
    await throwsCode(() => backbone.prototypes("_ "), "class-name", /has no words; name the product/);
  }
  {
    const told: string[] = [];
    using backbone = await open("merges.txt", (message) => told.push(message));
    await backbone.prototypes(long);
    await backbone.prototypes(long);
    assert.is(told.length, 1);
    assert.match(told[0], /is too long/);
    await throwsCode(() => backbone.prototypes("_ "), "class-name", /has no words; name the product/);
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
    await throwsCode(() => backbone.prototypes("cable"), "vocabulary", /no file of it is known; download it/);
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
  const kept = () =>
    (readdirSync(textCache, { recursive: true }) as string[]).filter((name) => name.endsWith(".safetensors"));
  const [file, ...others] = kept();
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
  assert.is(kept().length, 3);
});

test.run();
