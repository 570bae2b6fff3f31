import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError } from "@inctrl/tensor/files";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openCheckpoint } from "../../src/checkpoint/open.js";
import { op, pickle, tensorOps, torchArchive, zip } from "./archives.js";

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "inctrl-containers-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function put(bytes: Uint8Array, name = "case.pt"): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function contentOf(path: string): Promise<Map<string, unknown>> {
  const file = await openCheckpoint(path);
  const content = new Map<string, unknown>();
  for (const { name, shape } of file.tensors.values())
    content.set(name, { shape: [...shape], values: [...(await file.readFloat32(name))] });
  await file.close();
  return content;
}

test("streams and tar archives of PyTorch before 1.6 hold what the same state holds as safetensors", async () => {
  const want = await contentOf(golden("state.safetensors"));
  for (const name of ["legacy.pth", "legacy-tar.pth"])
    for (const [key, tensor] of await contentOf(golden(name)))
      assert.equal(tensor, want.get(key), `${name} ${key}`);
  assert.equal([...(await contentOf(golden("legacy.pt")))], [["w", { shape: [2], values: [0, 1] }]]);
});

test("a stream or tar archive that is cut or spoilt anywhere is refused or read, and never more than that", async () => {
  let seed = 7;
  const next = () => (seed = (seed * 48271) % 2147483647);
  for (const name of ["legacy.pt", "legacy-tar.pth"]) {
    const whole = readFileSync(golden(name));
    const ends = Array.from({ length: 60 }, (_, i) => Math.floor((i * whole.length) / 60));
    const spoilt = Array.from({ length: 60 }, () => {
      const bytes = Buffer.from(whole);
      for (let edits = 0; edits < 6; edits++) bytes[next() % Math.min(bytes.length, 4000)] = next() & 255;
      return bytes;
    });
    for (const bytes of [...ends.map((end) => whole.subarray(0, end)), ...spoilt]) {
      const file = await openCheckpoint(put(bytes)).catch((error) => {
        assert.instance(error, CodedError, String(error.stack));
        assert.not.match(error.message, "\n");
      });
      await file?.close();
    }
  }
});

const tensor = tensorOps({});
const call = (module: string, name: string, ...args: Uint8Array[]) =>
  Buffer.concat([op.global(module, name), op.mark, ...args, op.tuple, op.reduce]);
const dict = (...items: (readonly [string, Uint8Array])[]) =>
  Buffer.concat([op.dict, op.mark, ...items.flatMap(([key, value]) => [op.text(key), value]), op.setItems]);
const values = { 0: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) };
const archive = (object: Uint8Array) => put(torchArchive(pickle(object), values));

test("objects beside the weights are passed over", async () => {
  const state = (attributes: Uint8Array) => Buffer.concat([attributes, op.build]);
  const extras: Record<string, Uint8Array> = {
    args: Buffer.concat([call("argparse", "Namespace"), state(dict(["lr", op.int(1)]))]),
    set: call("__builtin__", "set", op.list),
    defaults: call("collections", "defaultdict", op.global("__builtin__", "int")),
    when: call("datetime", "datetime", op.text("x")),
    best: call("numpy.core.multiarray", "scalar", op.global("numpy", "dtype"), op.text("x")),
    path: call("pathlib", "PosixPath", op.text("/"), op.text("etc")),
    hyper: Buffer.concat([
      ...[
        op.global("pytorch_lightning.utilities.parsing", "AttributeDict"),
        op.emptyTuple,
        Buffer.from([0x81]),
      ],
      ...[op.mark, op.text("lr"), op.int(1), op.setItems],
    ]),
  };
  const beside = archive(dict(...Object.entries(extras), ["state_dict", dict(["w", tensor])]));
  assert.equal([...(await contentOf(beside)).keys()], ["w"]);
  const only = archive(dict(["args", extras.args]));
  await assertRefused(only, "layout", 'holds no tensors but "argparse.Namespace"');
});

async function assertRefused(path: string, code: string, says: string | RegExp): Promise<void> {
  const error = await openCheckpoint(path).then(
    () => assert.unreachable(`${says}`),
    (error) => error,
  );
  assert.is(error.code, code, error.stack);
  assert.match(error.message, says);
  assert.not.match(error.message, "\n");
}

const inner = (name: string) => dict([name, tensor]);
for (const [name, object, tensors, wrapper] of [
  ["a usual key", dict(["epoch", op.int(3)], ["model", inner("w")]), ["w"], "model"],
  ["usual keys inside others", dict(["state", dict(["state_dict", inner("w")])]), ["w"], "state.state_dict"],
  [
    "averaged weights beside trained ones",
    dict(["state_dict", inner("a")], ["state_dict_ema", inner("b")]),
    ["b"],
    "state_dict_ema",
  ],
  ["parts of a method", dict(["STN", inner("x")], ["ENC", inner("y")]), ["STN.x", "ENC.y"], undefined],
  [
    "an optimiser beside them",
    dict(["weights", inner("w")], ["optimizer", dict(["state", inner("m")])]),
    ["w"],
    "weights",
  ],
  ["a list of states", Buffer.concat([op.list, inner("w"), Buffer.from("a")]), ["0.w"], undefined],
] as const)
  test(`nested states: ${name}`, async () => {
    const file = await openCheckpoint(archive(object));
    assert.equal([[...file.tensors.keys()], file.metadata.wrapper], [tensors, wrapper]);
    await file.close();
  });

test("parameters as PyTorch before 0.4 wrote them, and tensors of classes of their own, are read", async () => {
  const parameter = op.global("torch.nn.parameter", "Parameter");
  for (const object of [
    Buffer.concat([parameter, op.mark, tensor, Buffer.from([0x88]), op.tuple, op.reduce]),
    Buffer.concat([
      parameter,
      op.emptyTuple,
      op.reduce,
      op.mark,
      tensor,
      op.int(1),
      op.dict,
      op.tuple,
      op.build,
    ]),
    call(
      "torch._tensor",
      "_rebuild_from_type_v2",
      op.global("torch._utils", "_rebuild_parameter"),
      parameter,
      Buffer.concat([op.mark, tensor, op.tuple]),
      op.dict,
    ),
  ])
    assert.equal(
      [...(await contentOf(archive(dict(["w", object]))))],
      [["w", { shape: [4], values: [1, 2, 3, 4] }]],
    );
});

test("expanded views repeat their values", async () => {
  const expanded = dict(["w", tensorOps({ shape: [2n, 4n], stride: [0n, 1n] })]);
  assert.equal((await contentOf(archive(expanded))).get("w"), {
    shape: [2, 4],
    values: [1, 2, 3, 4, 1, 2, 3, 4],
  });
});

const starts = (text: string) => Buffer.from(text.padEnd(80, "\x01"), "latin1");
for (const [name, bytes, says] of [
  [
    "a Git LFS pointer",
    starts("version https://git-lfs.github.com/spec/v1\noid sha256:12"),
    "Git LFS pointer",
  ],
  ["a web page", starts("<!DOCTYPE html>\n<html>"), "a web page"],
  ["GGUF", starts("GGUF\x03\0\0\0"), "a GGUF model"],
  ["ONNX", starts("\x08\x08\x12\x07pytorch\x1a\x031.0"), "an ONNX model"],
  ["a TensorFlow SavedModel", starts("\x08\x01\x12\xa0\x01\x0a"), "a TensorFlow SavedModel"],
  ["HDF5", starts("\x89HDF\r\n\x1a\n"), "HDF5"],
  ["TensorFlow Lite", starts("\x1c\0\0\0TFL3"), "a TensorFlow Lite model"],
  ["Flax", starts("\x83\xaatext_model"), "MessagePack"],
  ["gzip", starts("\x1f\x8b\x08"), "a compressed archive"],
  ["a pickle of arrays", Buffer.from(pickle(op.dict)), "pickle that torch.save did not write"],
  ["a NumPy array", starts("\x93NUMPY\x01\0"), "a NumPy array"],
  ["JSON", Buffer.from('{"model_type": "clip"}'), "JSON without a weight_map"],
  ["text", Buffer.from("Entry not found"), 'text that begins "Entry not found"'],
  ["nothing", new Uint8Array(0), "is empty"],
  ["zeros", new Uint8Array(200), "nothing but zeros"],
  ["a zip of arrays", zip([{ name: "w.npy", data: starts("") }]), "a zip archive of NumPy arrays"],
  ["old TorchScript", zip([{ name: "m/model.json", data: starts("") }]), "TorchScript"],
  ["a zip of weights", zip([{ name: "model.safetensors", data: starts("") }]), "unpack it"],
  ["another tar", tar("weights.txt"), "tar archive that torch.save did not write"],
  [
    "float8",
    torchArchive(pickle(dict(["w", call("torch._utils", "_rebuild_tensor_v3", tensor)]))),
    "_rebuild_tensor_v3",
  ],
  [
    "quantised values",
    torchArchive(pickle(dict(["w", call("torch._utils", "_rebuild_qtensor", tensor)]))),
    "_rebuild_qtensor",
  ],
] as const)
  test(`a file is judged by its content, and named for what it is: ${name}`, () =>
    assertRefused(put(bytes), "file-format", says));

function tar(name: string): Uint8Array {
  const header = Buffer.alloc(1024);
  header.write(name);
  header.write("00000000000", 124);
  header.write("ustar", 257);
  return header;
}

test("a pickle of a whole module is named as such", () =>
  assertRefused(
    archive(call("torch.nn.modules.linear", "Linear")),
    "unsafe-pickle",
    "pickle of a whole module",
  ));

test.run();
