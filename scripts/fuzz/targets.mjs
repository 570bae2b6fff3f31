// The parsers of files that anyone may hand in, each with sound files to damage.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseConfig } from "@inctrl/clip";
import { decodeImage, decodeSamples, encodePng, imageHeader, parseDataSpec } from "@inctrl/datasets";
import { readSealed, sealLine } from "@inctrl/detect";
import { memorySource, parseNpy, parseSafetensors, serializeSafetensors } from "@inctrl/tensor/files";
import { unpickle } from "../../packages/clip/src/checkpoint/pickle.ts";
import { readIndex } from "../../packages/clip/src/checkpoint/shards.ts";
import { torchFile } from "../../packages/clip/src/checkpoint/torch-file.ts";
import { readStream, readTar } from "../../packages/clip/src/checkpoint/torch-legacy.ts";
import { torchConstructors } from "../../packages/clip/src/checkpoint/torch-objects.ts";
import { readZip } from "../../packages/clip/src/checkpoint/torch-zip.ts";
import { parseMerges } from "../../packages/clip/src/tokenizer/merges.ts";
import { checkWhole, readJp2 } from "../../packages/datasets/src/decode/jp2-boxes.ts";
import { sniffFormat } from "../../packages/datasets/src/decode/sniff.ts";
import { readIdx } from "../../packages/datasets/src/sets/idx.ts";
import { readCsv } from "../../packages/datasets/src/sets/table.ts";
import { jp2 } from "../../packages/datasets/test/decode/jp2-files.ts";
import { tiff } from "../../packages/datasets/test/support/tiff.ts";
import { checkSeal, sealedParts } from "../../packages/detect/src/files/sealed.ts";
import { readBankInfo } from "../../packages/detect/src/matcher/bank-file.ts";
import { ROOT } from "../workspace.mjs";
import { KEPT } from "./kept.mjs";

const file = (name) => readFileSync(path.join(ROOT, name));
const golden = (name) => file(`packages/clip/test/checkpoint/golden/${name}`);
/** A checkpoint from where its pickle begins. */
const pickle = (bytes) =>
  bytes.subarray(bytes.indexOf(Buffer.of(0x80, 0x02)), bytes.length).subarray(0, 2000);
const json = (value) => Buffer.from(JSON.stringify(value));
const join = (parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const text = (bytes) => Buffer.from(bytes).toString("utf8");

/** Reads all tensors of a file. */
async function readAll(open) {
  const opened = await open;
  for (const name of opened.tensors.keys()) await opened.readFloat32(name);
}

function npy(descr, shape, data, version = 1) {
  const header = Buffer.from(`{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }\n`);
  const head = Buffer.from([
    0x93,
    ...Buffer.from("NUMPY"),
    version,
    0,
    header.length,
    0,
    ...(version > 1 ? [0, 0] : []),
  ]);
  return Buffer.concat([head, header, data]);
}

const TENSORS = {
  "block.1": { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  half: { dtype: "F16", shape: [4], data: Uint16Array.of(0x3c00, 0, 0x7e00, 1) },
};
const BANK = {
  version: 1,
  prompts: [{ name: "a.png", sha256: null, views: 1 }],
  ...{ backbone: "nano", fingerprint: "f", fit: "crop", blocks: [1], preprocess: {} },
};
const bank = sealedParts(TENSORS, { format: "inctrl-bank", bank: JSON.stringify(BANK) });
const openClip = {
  embed_dim: 12,
  vision_cfg: { image_size: 16, patch_size: 8, width: 12, head_width: 6, layers: 2 },
  text_cfg: { context_length: 77, vocab_size: 520, width: 12, heads: 2, layers: 1 },
  out_blocks: [1],
};
const ENTRIES = [
  { step: 1, loss: 0.5 },
  { kind: "draw", draw: { category: "a", shots: 1, scores: [0.5, null] } },
];
const log = ENTRIES.reduce(
  ({ lines, state }, entry) => {
    const sealed = sealLine(entry, state);
    return { lines: lines + sealed.line, state: sealed.state };
  },
  { lines: "", state: "" },
).lines;
const pixels = Uint8Array.from({ length: 3 * 12 * 9 }, (_, i) => (i * 37) % 251);
const bmp = Buffer.concat([
  Buffer.from(
    "424d5600000000000000360000002800000003000000020000000100180000000000200000000000000000000000000000000000000000",
    "hex",
  ),
  Buffer.alloc(29, 0x50),
]);
const images = [Buffer.from(encodePng({ width: 12, height: 9, data: pixels })), bmp];
/** First bytes of the formats that a library decodes: enough to tell them, not enough for pixels. */
const starts = ["ffd8ffe000104a46494600", "524946460000000057454250", "49492a0008000000", "474946383961"].map(
  (hex) => Buffer.from(hex, "hex"),
);
/** One pixel each, as GIF and as WebP. */
const coded = [
  "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
  "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==",
].map((base64) => Buffer.from(base64, "base64"));
const small = { label: "image", maxPixels: 1e6 };
const rgb = { width: 4, height: 3, channels: 3, values: Array.from({ length: 36 }, (_, i) => i) };
const tiffs = [
  tiff({ ...rgb, bits: 12 }),
  tiff({ ...rgb, bits: 64, kind: "float", predictor: 3, deflate: true }),
  tiff({ ...rgb, planar: true, tile: 16, big: true }),
];
const jp2s = [jp2("gray12.j2k"), jp2("rgba.jp2")];

function boxes(bytes) {
  checkWhole(readJp2(bytes, small).codestream, "image");
}

/** A value that differs from what was written, though its checksum says otherwise. */
class Forged extends Error {}

const hexOf = async (file, name) => Buffer.from((await file.readFloat32(name)).buffer).toString("hex");
const written = parseSafetensors(join(bank), "written");

/** Only what was written is accepted, and files without checksums. */
async function sealed(bytes) {
  const opened = checkSeal(parseSafetensors(bytes, "sealed"));
  for (const name of opened.tensors.keys()) {
    const value = await hexOf(opened, name);
    if (opened.sealed && value !== (await hexOf(written, name)))
      throw new Forged(`${name} was never written`);
  }
  readBankInfo("sealed", opened);
}

function logged(bytes) {
  for (const { entry, sealed } of readSealed(text(bytes))) {
    if (sealed && !ENTRIES.some((each) => JSON.stringify(each) === JSON.stringify(entry)))
      throw new Forged(`${JSON.stringify(entry)} was never written`);
  }
}

/** The parsers. Those with a `share` go through a library or the disk, and get that part of the cases. */
const TARGETS = [
  [
    "npy",
    [npy("<f4", "2, 3", Buffer.alloc(24)), npy("|b1", "4,", Buffer.alloc(4), 2)],
    (bytes) => void parseNpy(bytes),
  ],
  [
    "safetensors",
    [join(serializeSafetensors(TENSORS, { format: "pt" }))],
    (bytes) => readAll(parseSafetensors(bytes, "file")),
  ],
  ["sealed file: bank, checkpoint, cache entry", [join(bank)], sealed],
  ["sealed log: metrics, draws", [Buffer.from(log), Buffer.from(`${JSON.stringify(ENTRIES[0])}\n`)], logged],
  [
    "pickle",
    [pickle(golden("views.pt")), pickle(golden("list.pt"))],
    (bytes) => void unpickle(bytes, torchConstructors("file"), "file"),
  ],
  [
    "configuration",
    [json(openClip), file("packages/testing/golden/three-shot/config.json")],
    (bytes) => void parseConfig(text(bytes)),
  ],
  [
    "vocabulary",
    [Buffer.from("#version: 0.2\np h\nph o\npho t\nphot o</w>\n")],
    (bytes) => void parseMerges(text(bytes), undefined, "merges"),
  ],
  ["image format", [...images, ...starts], (bytes) => void sniffFormat(bytes, "image")],
  ["image header", images, (bytes) => own(bytes) && imageHeader(bytes, small)],
  ["PNG and BMP", images, (bytes) => own(bytes) && decodeImage(bytes, small)],
  [
    "data set's name",
    [Buffer.from("mnist:digits?protocol=multi"), Buffer.from("mvtec:a b")],
    (bytes) => void parseDataSpec(text(bytes)),
  ],
  ["TIFF", tiffs, (bytes) => decodeSamples(bytes, small), 1 / 5],
  ["boxes of JPEG 2000", jp2s, boxes],
  ["JPEG 2000", jp2s, (bytes) => decodeImage(bytes, small), 1 / 500],
  ["JPEG, WebP, GIF", coded, (bytes) => decodeImage(bytes, small), 1 / 50],
  ["torch zip", [golden("views.pt"), golden("list.pt")], torch(readZip), 1 / 50],
  ["torch stream", [golden("legacy.pt")], torch(readStream), 1 / 5],
  ["torch tar", [golden("legacy-tar.pth")], torch(readTar), 1 / 50],
  [
    "index of shards",
    [json({ metadata: {}, weight_map: { a: "model-1.safetensors" } })],
    onDisk("model.safetensors.index.json", readIndex),
    1 / 50,
  ],
  [
    "IDX",
    [Buffer.from("0000080300000002000000020000000201020304050607080", "hex")],
    onDisk("idx", (name) => readIdx(name, 3)),
    1 / 50,
  ],
  [
    "CSV",
    [Buffer.from('object,split,"label"\na,train,normal\nb,"te,st",x\n')],
    onDisk("list.csv", (name) => readCsv(name, ["object", "split"])),
    1 / 50,
  ],
  ...KEPT.map(([name, saveAs, seeds, read]) => [name, seeds, onDisk(saveAs, read), 1 / 50]),
].map(([name, seeds, parse, share = 1]) => ({ name, seeds, parse, share }));

export default TARGETS;

/** Whether our own decoders read an image; the library's have a target of their own. */
function own(bytes) {
  return ["png", "bmp"].includes(sniffFormat(bytes, "image"));
}

function torch(read) {
  return async (bytes) => {
    const source = memorySource(bytes, "file");
    await readAll(torchFile(source, await read(source)));
  };
}

/** Parses through a file, in a folder that goes with the process. */
function onDisk(name, parse) {
  let folder;
  return async (bytes) => {
    if (!folder) {
      folder = mkdtempSync(path.join(tmpdir(), "inctrl-fuzz-"));
      process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    }
    writeFileSync(path.join(folder, name), bytes);
    await parse(path.join(folder, name));
  };
}
