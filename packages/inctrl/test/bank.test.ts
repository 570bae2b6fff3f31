import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { symmetricIndex, symmetricViews } from "@inctrl/detect";

import {
  type Device,
  openSafetensors,
  type StoredTensor,
  serializeSafetensors,
  writeSafetensors,
} from "@inctrl/tensor";
import * as assert from "uvu/assert";
import { type Backbone, type Prompt, PromptBank, randomBackbone, Scorer } from "../src/index.js";
import { deviceTests, fixtureBackbone, PATCH14, randomView, shared, throwsCode } from "./support.js";

const test = deviceTests("prompt bank");
const SIZE = 71;

const prompt = (name: string, seed: number, views = 1): Prompt => ({
  name,
  views: Array.from({ length: views }, (_, i) => randomView(100 * seed + i, SIZE)),
});

/** A bank's file, spoilt: its description, metadata or tensors changed. */
async function spoilt(
  source: string,
  target: string,
  edit: {
    // biome-ignore lint/suspicious/noExplicitAny: any JSON may be in there.
    info?: (info: any) => unknown;
    metadata?: Record<string, string>;
    tensors?: (tensors: Record<string, StoredTensor>) => void;
  },
): Promise<string> {
  const file = await openSafetensors(source);
  const tensors: Record<string, StoredTensor> = {};
  for (const { name, shape } of file.tensors.values()) {
    tensors[name] = { dtype: "F32", shape, data: await file.readFloat32(name) };
  }
  const { metadata } = file;
  await file.close();
  edit.tensors?.(tensors);
  const info = edit.info?.(JSON.parse(metadata.bank)) ?? JSON.parse(metadata.bank);
  await writeSafetensors(target, tensors, edit.metadata ?? { ...metadata, bank: JSON.stringify(info) });
  return target;
}

/** The patches that matched rows are, all of the first prompt. */
const patchesOfFirst = (bank: PromptBank, matches: Int32Array) =>
  Array.from(matches, (row) => {
    const { prompt, patch } = bank.locate(row, 25);
    assert.is(prompt, 0);
    return patch;
  });

/** The fixture's backbone with another configuration. */
const varied = async (device: Device, change: (config: Backbone["config"]) => Backbone["config"]) => {
  const backbone = await fixtureBackbone(device);
  Object.assign(backbone, { config: change(backbone.config) });
  return backbone;
};

test("saved and loaded, a bank gives the same bits and says what it was made of", async ({
  device,
  folder,
}) => {
  using backbone = await fixtureBackbone(device);
  const prompts = [prompt("a.png", 1), { ...prompt("b.png", 2, 3), sha256: "f".repeat(64) }];
  using made = await PromptBank.encode(backbone, prompts, { fit: "tile" });
  const path = join(folder, "round.safetensors");
  await made.save(path);
  using loaded = await PromptBank.load(path, backbone);
  assert.equal(loaded.info, made.info);
  assert.equal(loaded.prompts, [
    { name: "a.png", sha256: null, views: 1 },
    { name: "b.png", sha256: "f".repeat(64), views: 3 },
  ]);
  assert.equal([loaded.shots, loaded.fit, loaded.info.blocks], [2, "tile", [1, 2]]);
  const views = [7, 8, 9].map((seed) => randomView(seed, SIZE));
  using before = new Scorer({ backbone, bank: made });
  using after = new Scorer({ backbone, bank: loaded });
  assert.equal(await after.score(views), await before.score(views));
  await loaded.save(join(folder, "again.safetensors"));
  const bytes = async (name: string) => {
    const file = await openSafetensors(join(folder, name));
    const values = await file.readFloat32("block.2");
    await file.close();
    return values;
  };
  assert.equal(await bytes("again.safetensors"), await bytes("round.safetensors"));
});

test("the bank does not depend on how many prompts are encoded together", async ({ device }) => {
  using backbone = await fixtureBackbone(device);
  const prompts = [1, 2, 3, 4, 5].map((seed) => prompt(`${seed}`, seed, seed % 2 ? 2 : 1));
  using together = await PromptBank.encode(backbone, prompts);
  using alone = await PromptBank.encode(backbone, prompts, { batch: 1 });
  assert.equal(await together.features.data(), await alone.features.data());
  for (const [i, { panels }] of together.blocks.entries()) {
    assert.equal(await panels.data(), await alone.blocks[i].panels.data());
  }
});

test("a matched row is traced to its prompt and to the patch counted over the prompt's views", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device);
  const prompts = [prompt("a", 1, 2), prompt("b", 2, 1), prompt("c", 3, 3)];
  using bank = await PromptBank.encode(backbone, prompts, { fit: "tile" });
  assert.equal(
    [0, 24, 25, 49, 50, 74, 75, 149].map((row) => bank.locate(row, 25)),
    [
      { prompt: 0, patch: 0 },
      { prompt: 0, patch: 24 },
      { prompt: 0, patch: 25 },
      { prompt: 0, patch: 49 },
      { prompt: 1, patch: 0 },
      { prompt: 1, patch: 24 },
      { prompt: 2, patch: 0 },
      { prompt: 2, patch: 74 },
    ],
  );
  // Each prompt's own view finds itself, patch by patch.
  using scorer = new Scorer({ backbone, bank });
  const [first, last] = await scorer.score([prompts[0].views[1], prompts[2].views[2]]);
  assert.equal(
    [...first.matches],
    Array.from({ length: 25 }, (_, i) => 25 + i),
  );
  assert.equal(
    [...last.matches],
    Array.from({ length: 25 }, (_, i) => 125 + i),
  );
  assert.is(first.match.prompt, 0);
  assert.is(last.match.prompt, 2);
  assert.ok(first.score < 1e-6 && last.score < 1e-6, `${first.score} ${last.score}`);
});

test("in eight turns, a bank knows prompts however they lie, and its class features are as before", async ({
  device,
  folder,
}) => {
  using backbone = await varied(device, (config) => ({ ...config, promptSymmetries: 8 as const }));
  using plain = await fixtureBackbone(device);
  const prompts = [prompt("a", 1), prompt("b", 2, 2)];
  using turned = await PromptBank.encode(backbone, prompts, { fit: "tile" });
  using straight = await PromptBank.encode(plain, prompts, { fit: "tile" });
  assert.equal([turned.turns, straight.turns], [8, 1]);
  assert.equal(await turned.features.data(), await straight.features.data());
  const path = join(folder, "turned.safetensors");
  await turned.save(path);
  using loaded = await PromptBank.load(path, backbone);
  assert.equal([loaded.turns, loaded.shots], [8, 2]);
  const views = symmetricViews(prompts[0].views[0], 8);
  using before = new Scorer({ backbone: plain, bank: straight });
  using after = new Scorer({ backbone, bank: loaded });
  const [alone, ...others] = await before.score(views);
  assert.ok(alone.score < 1e-6 && others.every(({ score }) => score > 0.001));
  const known = await after.score(views);
  assert.ok(known.every(({ score }) => score < 1e-6));
  assert.equal(
    known.map(({ matches }) => patchesOfFirst(loaded, matches)),
    known.map((_, turn) => Array.from({ length: 25 }, (_, patch) => symmetricIndex(turn, patch, 5))),
  );
});

test("rows of turned views are traced to the patches of the views as they are", async ({ device }) => {
  using backbone = await varied(device, (config) => ({ ...config, promptSymmetries: 8 as const }));
  const prompts = [prompt("a", 1, 2), prompt("b", 2, 1)];
  using bank = await PromptBank.encode(backbone, prompts, { fit: "tile" });
  const row = (view: number, turn: number, patch: number) => (view * 8 + turn) * 25 + patch;
  assert.equal(
    [row(0, 0, 7), row(0, 6, 0), row(1, 1, 1), row(1, 4, 0), row(2, 0, 3), row(2, 7, 24)].map((each) =>
      bank.locate(each, 25),
    ),
    [
      { prompt: 0, patch: 7 },
      { prompt: 0, patch: 24 },
      { prompt: 0, patch: 25 + 5 },
      { prompt: 0, patch: 25 + 4 },
      { prompt: 1, patch: 3 },
      { prompt: 1, patch: 0 },
    ],
  );
});

test("no prompts, and views of another size, are refused", async ({ device }) => {
  using backbone = await fixtureBackbone(device);
  await throwsCode(
    () => PromptBank.encode(backbone, []),
    "shots",
    /no prompts; give at least one normal image/,
  );
  const small = { name: "s", views: [randomView(1, 64)] };
  await throwsCode(
    () => PromptBank.encode(backbone, [small]),
    "views",
    /prepared at 64 pixels and .* takes 71/,
  );
});

test("another backbone, other blocks and other preprocessing are refused", async ({ device, folder }) => {
  using backbone = await fixtureBackbone(device);
  using bank = await PromptBank.encode(backbone, [prompt("a", 1)]);
  const path = join(folder, "fits.safetensors");
  await bank.save(path);
  const refused = async (other: Backbone, text: RegExp) => {
    using _ = other;
    await throwsCode(() => PromptBank.load(path, other), "bank", text);
  };
  await refused(
    await randomBackbone(device, { ...backbone.config, name: "other" }, 3),
    /fits\.safetensors: was made by another backbone \("inctrl.pyth", "[0-9a-f]{8}"\) than "untrained other \(seed 3\)" \("[0-9a-f]{8}"\); make the bank again/,
  );
  await refused(
    await varied(device, (config) => ({ ...config, outBlocks: [2, 3] })),
    /holds blocks 1, 2 and 2, 3 are compared/,
  );
  await refused(
    await varied(device, (config) => ({
      ...config,
      preprocess: { ...config.preprocess, mean: [0.5, 0.5, 0.5] },
    })),
    /its images were prepared in another way/,
  );
});

test("files that are no bank, are cut off or lie are refused in one line", async ({ device, folder }) => {
  using backbone = await fixtureBackbone(device);
  using bank = await PromptBank.encode(backbone, [prompt("a", 1), prompt("b", 2)]);
  const path = join(folder, "sound.safetensors");
  await bank.save(path);
  let count = 0;
  const at = () => join(folder, `bad-${count++}.safetensors`);
  const refused = (file: string, code: string, text: RegExp) =>
    throwsCode(() => PromptBank.load(file, backbone), code, text);

  await refused(join(folder, "none.safetensors"), "not-found", /none\.safetensors/);
  const text = at();
  writeFileSync(text, "a few words, but no bank");
  await refused(text, "header", /bad-0/);
  const foreign = at();
  writeFileSync(
    foreign,
    Buffer.concat(serializeSafetensors({ w: { dtype: "F32", shape: [1], data: Float32Array.of(1) } })),
  );
  await refused(foreign, "bank", /is no prompt bank/);
  await refused(join(PATCH14, "forward.safetensors"), "bank", /is no prompt bank/);
  for (const keep of [4, 300, 5000]) {
    const cut = await spoilt(path, at(), {});
    truncateSync(cut, keep);
    await refused(cut, "truncated", /bad-/);
  }

  const lies: [edit: Parameters<typeof spoilt>[2], text: RegExp][] = [
    [{ metadata: { format: "inctrl-bank" } }, /its description is damaged/],
    [{ metadata: { format: "inctrl-bank", bank: "{" } }, /its description is damaged/],
    [{ metadata: { format: "inctrl-bank", bank: "null" } }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, version: 2 }) }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, prompts: [] }) }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, prompts: [null, null] }) }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, fit: "stretch" }) }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, blocks: "12" }) }, /damaged or of a later version/],
    [{ info: ({ fingerprint: _, ...info }) => info }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, backbone: ["x"] }) }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, backbone: "two\nlines", fingerprint: "0" }) }, /another backbone/],
    [
      { info: (info) => ({ ...info, prompts: info.prompts.map((p: object) => ({ ...p, views: 1e9 })) }) },
      /features is \[2, 18\] and must be \[2000000000, 18\]/,
    ],
    [
      { info: (info) => ({ ...info, prompts: info.prompts.map((p: object) => ({ ...p, sha256: 7 })) }) },
      /damaged/,
    ],
    [
      { info: (info) => ({ ...info, prompts: info.prompts.slice(1) }) },
      /features is \[2, 18\] and must be \[1, 18\]/,
    ],
    [{ tensors: (tensors) => delete tensors.features }, /features is missing/],
    [{ tensors: (tensors) => delete tensors["block.2"] }, /block\.2 is missing and must be \[50, 15\]/],
    [
      { tensors: (tensors) => (tensors["block.1"] = { ...tensors["block.1"], shape: [15, 50] }) },
      /block\.1 is \[15, 50\] and must be \[50, 15\]/,
    ],
  ];
  for (const [edit, expected] of lies) await refused(await spoilt(path, at(), edit), "bank", expected);
});

test("a bank of a real backbone holds what was scored: golden/tiny", async ({ device, folder }) => {
  const tiny = shared("golden/tiny");
  if (!tiny) return;
  const { openBackbone } = await import("../src/index.js");
  const config = join(tiny, "config.json");
  using backbone = await openBackbone(device, join(tiny, "clip.safetensors"), { config });
  const prompts = [{ name: "p", views: [randomView(1, 64)] }];
  using bank = await PromptBank.encode(backbone, prompts);
  await bank.save(join(folder, "tiny.safetensors"));
  // The same weights from another file: the bank fits.
  using same = await openBackbone(device, join(tiny, "clip.pt"), { config });
  using loaded = await PromptBank.load(join(folder, "tiny.safetensors"), same);
  assert.equal(await loaded.features.data(), await bank.features.data());
  // The same weights rounded to half precision are another backbone.
  using half = await openBackbone(device, join(tiny, "clip-trainer-fp16.pt"), { config });
  await throwsCode(() => PromptBank.load(join(folder, "tiny.safetensors"), half), "bank", /another backbone/);
});

test.run();
