import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSafetensors, type StoredTensor, serializeSafetensors, writeSafetensors } from "@inctrl/tensor";
import { PATCH14, randomImage, throwsCode } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import { bankOf } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { Encoder, PromptBank, randomBackbone, readBank, readBankFit } from "../../src/index.js";

const test = backboneTests("bank file", fixtureBackbone);
const SIZE = 71;

/** A bank's file as versions without checksums wrote it, spoilt: its description, metadata or tensors changed. */
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
  const { sum: _, sums: __, ...metadata } = file.metadata;
  await file.close();
  edit.tensors?.(tensors);
  const info = edit.info?.(JSON.parse(metadata.bank)) ?? JSON.parse(metadata.bank);
  await writeSafetensors(target, tensors, edit.metadata ?? { ...metadata, bank: JSON.stringify(info) });
  return target;
}

test("another backbone, other blocks, another fit and other preprocessing are refused", async ({
  device,
  folder,
  backbone,
}) => {
  using bank = await bankOf(new Encoder(backbone), [randomImage(1, SIZE)]);
  const path = join(folder, "fits.safetensors");
  await bank.save(path);
  const refused = (other: Encoder, text: RegExp) =>
    throwsCode(() => PromptBank.load(path, other), "bank", text);
  using other = await randomBackbone(device, { ...backbone.config, name: "other" }, 3);
  await refused(
    new Encoder(other),
    /fits\.safetensors: was made by another backbone \("inctrl.pyth", "[0-9a-f]{8}"\) than "untrained other \(seed 3\)" \("[0-9a-f]{8}"\); make the bank again/,
  );
  await refused(new Encoder(backbone, { taps: [2, 3] }), /holds blocks 1, 2 and 2, 3 are compared/);
  await refused(new Encoder(backbone, { fit: "tile" }), /was made with fit crop and this encoder uses tile/);
  for (const change of [{ mean: [0.5, 0.5, 0.5] }, { interpolation: "lanczos" }, { rgbFirst: true }]) {
    using changed = await fixtureBackbone(device);
    const preprocess = { ...changed.config.preprocess, ...change };
    Object.assign(changed, { config: { ...changed.config, preprocess } });
    await refused(new Encoder(changed), /its images were prepared in another way/);
  }
});

test("the state of another kind of detector is refused by name", async ({ folder, backbone }) => {
  const encoder = new Encoder(backbone);
  using bank = await bankOf(encoder, [randomImage(1, SIZE)]);
  const path = join(folder, "patches.safetensors");
  await bank.save(path);
  await throwsCode(
    () => readBank(path, encoder, "distance", () => new Map()),
    "bank",
    /holds patches of prompts and not what distance needs/,
  );
  const other = await spoilt(path, join(folder, "other.safetensors"), {
    info: (info) => ({ ...info, kind: "distance" }),
  });
  await throwsCode(
    () => PromptBank.load(other, encoder),
    "bank",
    /holds "distance" and not what a nearest-patch method needs/,
  );
  const { name, fingerprint } = backbone;
  assert.equal(await readBankFit(other), {
    network: { backbone: name, fingerprint },
    taps: encoder.taps,
    fit: "crop",
    symmetries: 1,
    reading: {},
    early: false,
    sealed: false,
  });
});

test("files that are no bank, are cut off or lie are refused in one line", async ({ folder, backbone }) => {
  const encoder = new Encoder(backbone);
  using bank = await bankOf(encoder, [randomImage(1, SIZE), randomImage(2, SIZE)]);
  const path = join(folder, "sound.safetensors");
  await bank.save(path);
  let count = 0;
  const at = () => join(folder, `bad-${count++}.safetensors`);
  const refused = (file: string, code: string, text: RegExp) =>
    throwsCode(() => PromptBank.load(file, encoder), code, text);

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
    [
      {
        info: (info) => ({ ...info, prompts: info.prompts.map((each: object) => ({ ...each, grids: [] })) }),
      },
      /damaged or of a later version/,
    ],
    [{ info: (info) => ({ ...info, prompts: [null, null] }) }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, fit: "stretch" }) }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, turns: 3 }) }, /damaged or of a later version/],
    [{ info: (info) => ({ ...info, kind: 7 }) }, /damaged or of a later version/],
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

test.run();
