// Files that a run keeps, and its configuration.
import { sealLine } from "@inctrl/detect";
import { parseSafetensors } from "@inctrl/tensor/files";
import { contextIn } from "../../../packages/baselines/src/coop/file.ts";
import { TRAIN_OPTIONS } from "../../../packages/cli/src/commands/train.ts";
import { settingsOf } from "../../../packages/cli/src/options/read.ts";
import { recordIn } from "../../../packages/clip/src/hub/download.ts";
import { historyIn } from "../../../packages/detect/src/bank/history.ts";
import { calibrationIn, judgeOf } from "../../../packages/detect/src/calibration/record.ts";
import { promiseText } from "../../../packages/detect/src/calibration/text.ts";
import { DrawStore } from "../../../packages/detect/src/evaluation/draw-store.ts";
import { PendingDraw } from "../../../packages/detect/src/evaluation/pending-draw.ts";
import { checkSeal } from "../../../packages/detect/src/files/sealed.ts";
import { readSealed } from "../../../packages/detect/src/files/sealed-lines.ts";
import { entryBytes } from "../../../packages/detect/src/files/tensor-cache.ts";
import { bankIn, bankShapes } from "../../../packages/detect/src/matcher/bank-file.ts";
import { checkpointFacts, checkpointValues } from "../../../packages/detect/src/training/checkpoint.ts";
import { recordsIn } from "../../../packages/detect/src/training/run-files.ts";
import { tuningIn } from "../../../packages/tensor/src/tuning-file.ts";
import { f32, json, stored, text } from "../seeds.mjs";

/** A value that differs from what was written, though its checksum says otherwise. */
class Forged extends Error {}

const open = (bytes) => checkSeal(parseSafetensors(bytes, "file"));

const WEIGHT = { "layer.weight": f32([2, 3]) };
const written = stored(WEIGHT, { format: "sealed" });
const hexOf = async (file, name) => Buffer.from((await file.readFloat32(name)).buffer).toString("hex");
const sound = await hexOf(parseSafetensors(written[0], "written"), "layer.weight");

/** Only what was written is accepted, and files without checksums. */
async function sealed(bytes) {
  const file = open(bytes);
  for (const name of file.tensors.keys())
    if ((await hexOf(file, name)) !== sound && file.sealed) throw new Forged(`${name} was never written`);
}

const log = (entries) => {
  let [lines, state] = ["", ""];
  for (const entry of entries) {
    const sealed = sealLine(entry, state);
    [lines, state] = [lines + sealed.line, sealed.state];
  }
  return [Buffer.from(lines), Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""))];
};

const RECORDS = [
  { step: 1, loss: 0.5, lr: 0.1 },
  { step: 2, hold_out: { nut: { auroc: 0.5, n: null } } },
];
const known = new Set(RECORDS.map((each) => JSON.stringify(each)));
function records(bytes) {
  for (const { entry, sealed } of readSealed(text(bytes)))
    if (sealed && !known.has(JSON.stringify(entry)))
      throw new Forged(`${JSON.stringify(entry)} was never written`);
  // A run that resumes writes them again.
  for (const record of recordsIn(text(bytes), 2, 1).kept) sealLine(record, "");
}

/** An encoder, as far as banks are held against it. */
const preprocess = { size: 8, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: "bicubic" };
const encoder = {
  backbone: { name: "nano", fingerprint: "f", embedDim: 4 },
  ...{ taps: [1], fit: "crop", raw: false, preprocess },
  layouts: [{ rows: 2, columns: 2, width: 3 }],
};
const info = {
  version: 1,
  prompts: [{ name: "a.png", sha256: null, views: 1, grids: [[1, 4]] }],
  ...{ backbone: "nano", fingerprint: "f", fit: "crop", blocks: [1] },
  ...{ reading: { window: { depth: 16, low: 0, high: 9 } } },
  preprocess: { size: 8, mean: preprocess.mean, std: preprocess.std },
};
const banks = stored(
  { features: f32([1, 4]), "block.1": f32([4, 3]) },
  { format: "inctrl-bank", bank: JSON.stringify(info) },
);

async function bank(bytes) {
  const shapes = (info) => bankShapes("file", info, encoder);
  for await (const _ of bankIn(open(bytes), encoder, undefined, shapes).stored);
}

const line = {
  ...{ version: 1, alpha: 0.01, review: 0.05, settings: { backbone: "f" }, made: "2026-11-29T00:00:00.000Z" },
  images: [
    { name: "b.png", sha256: null, part: "b", score: 0.25, peak: 0.5 },
    { name: "c.png", sha256: "00", part: "b", score: 0.5, peak: 0.25 },
  ],
};
const calibrated = stored(
  { features: f32([1, 4]) },
  { format: "inctrl-bank", calibration: JSON.stringify(line) },
);

function calibration(bytes) {
  const found = calibrationIn(open(bytes));
  if (found) promiseText(judgeOf(found).line);
}

const change = {
  ...{ version: 2, made: "2026-11-29T00:00:00.000Z", what: "prompts added", before: "00" },
  images: [{ name: "b.png", sha256: "00" }],
};
const changed = stored(
  { features: f32([1, 4]) },
  { format: "inctrl-bank", history: JSON.stringify([change, { ...change, version: 3 }]) },
);

const IDENTITY = { seed: "1" };
const CHECKPOINT = { format: "inctrl-checkpoint", step: "4", records: "1", run: JSON.stringify(IDENTITY) };
async function checkpoint(bytes) {
  const file = open(bytes);
  checkpointFacts(file, IDENTITY);
  await checkpointValues(file, "layer.weight", [2, 3]);
}

const KEY = "0".repeat(64);
const LAYOUT = { rows: { dtype: "F16", shape: [2, 2] } };
const entries = stored(
  { rows: { dtype: "F16", shape: [2, 2], data: Uint16Array.of(0, 1, 2, 3) } },
  { key: KEY },
);

const context = {
  version: 1,
  count: 2,
  position: "end",
  form: "state",
  words: null,
  scale: 100,
  seed: 0,
  text: "f",
};
const contexts = stored(
  { vectors: f32([2, 2, 3]) },
  { format: "coop-context", context: JSON.stringify(context) },
);

const SETTINGS = { "data set": "made up", fit: "crop" };
const draw = { category: "a", shots: 1, seed: 0, data: "0".repeat(64), prompts: ["p"], skipped: [] };
const map = { owner: 0, box: { x: 0, y: 0, width: 1, height: 1 }, map: "AAAAAA==" };
const DRAWS = [
  { format: "inctrl-evaluation", version: 1, settings: SETTINGS },
  { kind: "draw", draw: { ...draw, scores: [0.5, null], seconds: 1, metrics: { auroc: 1 }, problem: null } },
  { kind: "part", part: { ...draw, seed: 1, from: 0, scores: [0.25], seconds: 1, maps: [map] } },
];
function draws(bytes) {
  const store = DrawStore.of("file", text(bytes), SETTINGS);
  const key = { category: "a", shots: 1, seed: 1 };
  new PendingDraw(0, key, { prompts: [{ name: "p" }], skipped: [] }).resume(store.parts(key, draw.data));
}

const settings = settingsOf(TRAIN_OPTIONS);
const configuration = (path) => (bytes) => void settings({}, { path, text: text(bytes) });

const tile = { kind: "register", lanes: 4, rows: 8, vectors: 1, steps: 1 };
const tuned = { caps: { family: "register", subgroupSize: 0, software: true }, tuning: new Map() };

export const KEPT = [
  ["file with checksums", [written[0]], sealed],
  ["checkpoint of a training", stored(WEIGHT, CHECKPOINT), checkpoint],
  ["metrics of a training", log(RECORDS), records],
  ["bank", banks, bank],
  ["calibration of a bank", calibrated, calibration],
  ["history of a bank", changed, (bytes) => void historyIn(open(bytes))],
  ["cache entry", entries, async (bytes) => void (await entryBytes(open(bytes), KEY, LAYOUT, "rows"))],
  ["context of CoOp", contexts, async (bytes) => void (await contextIn(open(bytes)))],
  ["stored draws", log(DRAWS), draws],
  ["configuration in JSON", [json({ shots: 2, blocks: [7, 9], text: false })], configuration("run.json")],
  [
    "configuration in YAML",
    [Buffer.from("shots: 8\nhold-out: [nut, &a wood]\nclass:\n  pcb1: circuit board\n")],
    configuration("run.yaml"),
    1 / 5,
  ],
  [
    "record of a download",
    [json({ url: "https://a/b", etag: '"c"' })],
    (bytes) => void recordIn(text(bytes)),
  ],
  [
    "tuning",
    [json({ adapter: "a", tiles: { "gemm 1x2x3": tile } })],
    (bytes) => void tuningIn(text(bytes), tuned),
  ],
];
