import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHUNK_BYTES } from "@inctrl/tensor/files";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openCheckpoint } from "../../src/checkpoint/open.js";
import { op, pickle, tensorOps, torchArchive, zip } from "./archives.js";

// golden/*.pt are made by golden/make.py with PyTorch 1.13.
const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "inctrl-checkpoint-"));
});
test.after(() => rm(folder, { recursive: true, force: true }));

async function put(bytes: Uint8Array): Promise<string> {
  const path = join(folder, "case.pt");
  await writeFile(path, bytes);
  return path;
}

async function refused(code: string, bytes: Uint8Array, says: string | RegExp = ""): Promise<void> {
  const file = await openCheckpoint(await put(bytes)).catch((error) => {
    assert.is(error.code, code, error.stack);
    assert.match(error.message, says);
    assert.not.match(error.message, "\n");
  });
  if (file !== undefined) {
    await file.close();
    assert.unreachable(`should have been refused: ${code} ${says}`);
  }
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const stateOf = (...tensor: Uint8Array[]) => pickle(op.dict, op.mark, op.text("w"), ...tensor, op.setItems);

for (const name of ["views.pt", "views-protocol4.pt"])
  test(`${name}: views, strides, every dtype, plain values beside the weights`, async () => {
    const file = await openCheckpoint(golden(name));
    assert.is(file.format, "torch");
    assert.equal({ ...file.metadata }, { epoch: "3", name: "views", lr: "0.5", wrapper: "model_state" });
    const values = async (tensor: string) => [...(await file.readFloat32(tensor))];
    const shape = (tensor: string) => file.tensors.get(tensor)?.shape;
    const whole = Array.from({ length: 24 }, (_, i) => i);
    assert.equal(await values("whole"), whole);
    assert.equal(shape("transposed"), [6, 4]);
    assert.equal(
      await values("transposed"),
      whole.map((_, i) => (i % 4) * 6 + Math.floor(i / 4)),
    );
    assert.equal(await values("column"), [2, 8, 14, 20]);
    assert.equal(await values("window"), [7, 8, 9, 10, 13, 14, 15, 16]);
    assert.equal([shape("scalar"), await values("scalar")], [[], [2.5]]);
    assert.equal([shape("empty"), await values("empty")], [[0, 3], []]);
    assert.equal(await values("parameter"), [0, 1, 2]);
    for (const [dtype, count] of Object.entries({ bf16: 5, f16: 5, f64: 2 }))
      assert.equal(await values(dtype), whole.slice(0, count), dtype);
    assert.equal(await values("i64"), [-1, 2 ** 40]);
    assert.equal([file.tensors.get("u8")?.dtype, await values("u8")], ["U8", [0, 255]]);
    assert.equal([file.tensors.get("flags")?.dtype, await values("flags")], ["BOOL", [1, 0]]);
    await file.close();
  });

test("a list of tensors is read, as in few-shot prompt files", async () => {
  const file = await openCheckpoint(golden("list.pt"));
  assert.equal([...file.tensors.keys()], ["0", "1"]);
  assert.equal([...(await file.readFloat32("1"))], [6, 7, 8, 9, 10, 11]);
  await file.close();
});

test("a TorchScript archive gives its parameters by dotted name", async () => {
  const file = await openCheckpoint(golden("script.pt"));
  const names = [
    "conv1.weight",
    "resblocks.0.bias",
    "resblocks.0.weight",
    "resblocks.1.bias",
    "resblocks.1.weight",
  ];
  assert.equal([...file.tensors.keys()].sort(), ["logit_scale", ...names.map((name) => `visual.${name}`)]);
  assert.is(file.metadata.torchscript, "__torch__.Clip");
  assert.equal([...(await file.readFloat32("logit_scale"))], [4.5]);
  assert.equal([...(await file.readFloat32("visual.resblocks.0.bias"))], [0, 1, 2, 3]);
  await file.close();
});

test("a deflated archive gives the same values, across chunks", async () => {
  const count = CHUNK_BYTES / 4 + 777;
  const values = Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i)));
  const ops = tensorOps({ count: BigInt(count), offset: 5n, shape: [BigInt(count - 5)] });
  const entries = [
    { name: "a/data.pkl", data: stateOf(ops), deflate: true },
    { name: "a/data/0", data: new Uint8Array(values.buffer), deflate: true },
  ];
  const file = await openCheckpoint(await put(zip(entries)));
  const sizes: number[] = [];
  for await (const chunk of file.stream("w")) sizes.push(chunk.length);
  assert.equal(sizes, [CHUNK_BYTES, (777 - 5) * 4]);
  assert.equal(await file.readFloat32("w"), values.subarray(5));
  await file.close();
});

test("os.system in an archive, and pickles of other programs, are refused", async () => {
  const evil = pickle(
    op.global("os", "system"),
    op.mark,
    op.text(`touch ${folder}/owned`),
    op.tuple,
    op.reduce,
  );
  await refused("unsafe-pickle", torchArchive(evil), "os.system");
  await refused("file-format", evil, "pickle that torch.save did not write");
  assert.not(existsSync(join(folder, "owned")));
});

test("wrong storage sizes, and tensors that reach past their storage, are refused", async () => {
  const data = { 0: floats(1, 2, 3, 4) };
  const attempt = (code: string, options: Parameters<typeof tensorOps>[0], says: string) =>
    refused(code, torchArchive(stateOf(tensorOps(options)), data), says);
  await attempt("offsets", { count: 5n }, "should hold 20 bytes but holds 16");
  await attempt("offsets", { key: "9" }, "is missing");
  await attempt("offsets", { key: "../data.pkl" }, "is missing");
  await attempt("offsets", { type: "HalfStorage" }, "should hold 8 bytes");
  await attempt("bad-pickle", { count: -4n }, "impossible size");
  await attempt("file-format", { type: "QUInt8Storage" }, "QUInt8Storage");
  await attempt("offsets", { shape: [5n] }, "reaches past");
  await attempt("offsets", { offset: 1n }, "reaches past");
  await attempt("offsets", { offset: -1n }, "no offset");
  await attempt("offsets", { shape: [2n, 2n], stride: [3n, 1n] }, "reaches past");
  await attempt("offsets", { shape: [2n], stride: [-1n] }, "no offset or stride");
  await attempt("offsets", { shape: [1000000000n], stride: [0n] }, "reaches past");
  await attempt("shape", { shape: [2n ** 40n, 2n ** 40n], stride: [0n, 0n] }, "more values than any file");
  await attempt("shape", { shape: [-1n] }, "whole number");
  await attempt("shape", { shape: [2n, 2n] }, "2 sizes and 1 strides");
});

test("zip bombs are refused before anything is unpacked", async () => {
  const zeros = new Uint8Array(80_000_000);
  const bomb = [
    { name: "a/data.pkl", data: stateOf(tensorOps({ count: 20_000_000n, shape: [20_000_000n] })) },
    { name: "a/data/0", data: zeros, deflate: true },
  ];
  await refused("too-large", zip(bomb), "zip bomb");
  // An entry that unpacks to more than it admits.
  const modest = zip([{ name: "a/data.pkl", data: zeros.subarray(0, 1_000_000), deflate: true, claim: 100 }]);
  await refused("bad-archive", modest, "damaged");
  const short = zip([{ name: "a/data.pkl", data: new Uint8Array(10), deflate: true, claim: 100 }]);
  await refused("bad-archive", short, "damaged");
});

test("foreign and broken archives are refused by name", async () => {
  await refused("file-format", zip([{ name: "word/document.xml", data: floats(1) }]), "no data.pkl");
  await refused("bad-archive", zip([{ name: "a/x", data: floats(1) }]).subarray(0, 60), "damaged");
  const twice = { name: "a/data.pkl", data: floats(1) };
  await refused("bad-archive", zip([twice, twice]), "two entries");
  await refused("bad-archive", zip([{ name: "../data.pkl", data: floats(1) }]), "damaged");
  await refused("layout", torchArchive(pickle(op.dict)), "no tensors");
  await refused("layout", torchArchive(pickle(op.text("hello"))), "no tensors");
  const big = zip([
    { name: "a/data.pkl", data: stateOf(tensorOps({})) },
    { name: "a/byteorder", data: Buffer.from("big") },
    { name: "a/data/0", data: floats(1, 2, 3, 4) },
  ]);
  await refused("file-format", big, "big-endian");
});

test("a module that contains itself, or nests deeper than any model, is refused", async () => {
  const memoised = Buffer.from("q\x00", "latin1");
  const recall = Buffer.from("h\x00", "latin1");
  const self = [op.global("__torch__", "A"), op.emptyTuple, Buffer.from([0x81]), memoised];
  const state = [op.dict, op.mark, op.text("x"), recall, op.text("y"), recall, op.setItems, op.build];
  await refused("bad-pickle", torchArchive(pickle(...self, ...state)), "module tree");
  const depth = 100_000;
  const nested = [Buffer.alloc(depth, "]"), Buffer.alloc(depth - 1, "a")];
  await refused("bad-pickle", torchArchive(pickle(op.list, ...nested, Buffer.from("a"))), "deeper");
  // As a size, a stride, and the key of a tensor.
  const key = [op.dict, op.mark, ...nested, tensorOps({}), op.setItems];
  await refused("layout", torchArchive(pickle(...key), { 0: floats(1, 2, 3, 4) }), "no tensors");
  const sized = tensorOps({ rawShape: [op.mark, ...nested, op.tuple] });
  await refused("shape", torchArchive(stateOf(sized), { 0: floats(1, 2, 3, 4) }), "size [...] in its shape");
});

test("a file is judged by its content and not by its name", async () => {
  await refused("header", Buffer.from('12345678{"not": "ours"}'), "no safetensors file or damaged");
});

test.run();
