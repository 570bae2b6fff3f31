// Whole files that are named by a user or kept by a run, each read as the command reads it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openDataSet } from "@inctrl/datasets";
import { Encoder, encodePrompts, listFewShot, PromptBank, readBankFit, sealLine } from "@inctrl/detect";
import { Heads } from "@inctrl/inctrl";
import { openDevice, tensor } from "@inctrl/tensor";
import { serializeSafetensors } from "@inctrl/tensor/files";
import { randomImage } from "@inctrl/testing";
import { smallBackbone } from "@inctrl/testing/device";
import { TRAIN_OPTIONS } from "../../packages/cli/src/commands/train.ts";
import { readSettings } from "../../packages/cli/src/options/read.ts";
import { DrawStore } from "../../packages/detect/src/evaluation/draw-store.ts";
import { sealedParts } from "../../packages/detect/src/files/sealed.ts";
import { readFewShot } from "../../packages/detect/src/images/few-shot.ts";
import { loadCheckpoint } from "../../packages/detect/src/training/checkpoint.ts";
import { makeHeads, storedParameters } from "../../packages/inctrl/src/head-modules.ts";
import { ROOT } from "../workspace.mjs";

const device = await openDevice();
const backbone = await smallBackbone(device);
const encoder = new Encoder(backbone);

const join = (parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const f32 = (shape, value = 0) => ({
  ...{ dtype: "F32", shape },
  data: new Float32Array(shape.reduce((size, d) => size * d, 1)).fill(value),
});

const IDENTITY = { seed: "1" };
const WEIGHT = { "layer.weight": f32([2, 3], 0.5) };
const META = { format: "inctrl-checkpoint", step: "4", run: JSON.stringify(IDENTITY) };
const weight = tensor(device, WEIGHT["layer.weight"].data, [2, 3]);
const state = {
  *tensors() {
    yield ["layer.weight", weight];
  },
  restore(_, values) {
    for (const value of values.values()) value.dispose();
  },
};

/** A bank of one prompt, as it is saved. */
async function bankFile() {
  const folder = mkdtempSync(path.join(tmpdir(), "inctrl-fuzz-"));
  const file = path.join(folder, "bank.safetensors");
  const prompts = await encodePrompts(encoder, [randomImage(1, 17)]);
  const bank = PromptBank.of(encoder, prompts);
  await bank.save(file);
  bank.dispose();
  for (const prompt of prompts) prompt.dispose();
  const bytes = readFileSync(file);
  rmSync(folder, { recursive: true });
  return bytes;
}

const heads = Object.fromEntries(
  [...storedParameters(makeHeads("monotone", { embedDim: 4, patches: 4 }))].map(([name, { shape }]) => [
    name,
    f32(shape, 0.1),
  ]),
);

const SETTINGS = { "data set": "made up", fit: "crop" };
const entry = { category: "a", shots: 1, seed: 0, data: "0".repeat(64), prompts: ["p"], skipped: [] };
const ENTRIES = [
  { format: "inctrl-evaluation", version: 1, settings: SETTINGS },
  { kind: "draw", draw: { ...entry, scores: [0.5, null], seconds: 1, metrics: { auroc: 1 }, problem: null } },
  { kind: "part", part: { ...entry, seed: 1, from: 0, scores: [0.25], seconds: 1, maps: [] } },
];
const sealed = ENTRIES.reduce(
  ({ text, state }, each) => {
    const { line, state: next } = sealLine(each, state);
    return { text: text + line, state: next };
  },
  { text: "", state: "" },
).text;
const plain = ENTRIES.map((each) => `${JSON.stringify(each)}\n`).join("");

const text = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const settings = (config) => readSettings(TRAIN_OPTIONS, { config });

/** Name, file's name, sound files, and how one is read. */
export const KEPT = [
  [
    "checkpoint of a training",
    "checkpoint.safetensors",
    [join(sealedParts(WEIGHT, META)), join(serializeSafetensors(WEIGHT, META))],
    (file) => loadCheckpoint(file, state, IDENTITY),
  ],
  [
    "bank",
    "bank.safetensors",
    [await bankFile()],
    async (file) => {
      await readBankFit(file);
      (await PromptBank.load(file, encoder)).dispose();
    },
  ],
  [
    "heads",
    "heads.safetensors",
    [join(serializeSafetensors(heads, { format: "inctrl-heads", alpha: "0.5" }))],
    async (file) => (await Heads.load(file, device)).dispose(),
  ],
  [
    "stored draws",
    "draws.jsonl",
    [text(sealed), text(plain)],
    async (file) => (await DrawStore.open(file, SETTINGS)).close(),
  ],
  [
    "few-shot list",
    "few.pt",
    [readFileSync(path.join(ROOT, "packages/testing/golden/few-shot.pt"))],
    async (file) => {
      for (const i of (await listFewShot(file)).keys()) await readFewShot(file, i);
    },
  ],
  ["configuration in JSON", "run.json", [text({ shots: 2, blocks: [7, 9], text: false })], settings],
  [
    "configuration in YAML",
    "run.yaml",
    [text("shots: 8\nhold-out: [nut, &a wood]\nclass:\n  pcb1: circuit board\n")],
    settings,
  ],
  [
    "list of a data set",
    "list.json",
    [
      text([{ image_path: "a.png", target: 0, type: "nut" }]),
      text('{"filename":"a.png","label":1,"type":"nut"}\n'),
    ],
    (file) => openDataSet(`json:${file}`),
  ],
  [
    "meta.json",
    "meta.json",
    [text({ train: { nut: [{ img_path: "a.png", mask_path: "", anomaly: 0 }] }, test: { nut: [] } })],
    (file) => openDataSet(`meta:${file}`),
  ],
];
