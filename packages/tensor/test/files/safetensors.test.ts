import { mkdtemp, readdir, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type TensorFileCode, TensorFileError } from "../../src/files/error.js";
import { openSafetensors, parseSafetensors } from "../../src/files/safetensors.js";
import { CHUNK_BYTES } from "../../src/files/tensor-file.js";
import { serializeSafetensors, writeSafetensors } from "../../src/files/write.js";

let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "inctrl-files-"));
});
test.after(() => rm(folder, { recursive: true, force: true }));

/** A file from raw header text, so that tests can lie. */
function file(header: string | object, body = new Uint8Array(0), claim?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + body.length);
  new DataView(out.buffer).setBigUint64(0, claim ?? BigInt(json.length), true);
  out.set(json, 8);
  out.set(body, 8 + json.length);
  return out;
}

function refused(code: TensorFileCode, bytes: Uint8Array): void {
  try {
    parseSafetensors(bytes, "lie.safetensors");
  } catch (error) {
    assert.instance(error, TensorFileError);
    assert.is((error as TensorFileError).code, code, (error as Error).message);
    assert.match((error as Error).message, /^lie\.safetensors/);
    assert.not.match((error as Error).message, "\n");
    return;
  }
  assert.unreachable(`should have been refused as ${code}`);
}

const f32 = (shape: unknown, data_offsets: unknown) => ({ dtype: "F32", shape, data_offsets });

test("a sound file in another number type is not called damaged", () => {
  const float8 = { w: { dtype: "F8_E4M3", shape: [2], data_offsets: [0, 2] } };
  const says = /^x: tensor "w" is stored as "F8_E4M3", which is not read; store it as F16, BF16 or F32$/;
  assert.throws(() => parseSafetensors(file(float8, new Uint8Array(2)), "x"), says);
});

test("nesting of any depth is refused", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const entry = (dtype: string, shape: string, offsets: string) =>
    file(`{"a": {"dtype": ${dtype}, "shape": ${shape}, "data_offsets": ${offsets}}}`);
  refused("header", entry(deep, "[]", "[0, 4]"));
  refused("header", entry('"F32"', deep, "[0, 4]"));
  refused("header", entry('"F32"', `[9007199254740991, 9, ${deep}]`, "[0, 4]"));
  refused("header", entry('"F32"', "[]", deep));
  refused("header", file(`{"__metadata__": ${deep}}`));
  refused("header", file(deep));
});

test("values are read into an array that is long enough, whatever they are stored as", async () => {
  const path = join(folder, "into.safetensors");
  await writeSafetensors(path, {
    full: { dtype: "F32", shape: [2], data: Float32Array.of(1.5, -2) },
    half: { dtype: "F16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
  });
  const bytes = await readFile(path);
  for (const opened of [await openSafetensors(path), parseSafetensors(new Uint8Array(bytes), path)]) {
    for (const [name, want] of [
      ["full", [1.5, -2, 9]],
      ["half", [1, -2, 9]],
    ] as const) {
      const room = Float32Array.of(9, 9, 9);
      assert.is((await opened.readFloat32(name, room)).buffer, room.buffer);
      assert.equal([...room], [...want]);
      const small = new Float32Array(1);
      assert.equal([...(await opened.readFloat32(name, small))], want.slice(0, 2));
      assert.equal([...small], [0]);
    }
    await opened.close();
  }
});

test("writes and reads back every dtype, scalars, empty tensors and odd names", async () => {
  const path = join(folder, "all.safetensors");
  const tensors = new Map([
    ["u8", { dtype: "U8" as const, shape: [3], data: Uint8Array.of(1, 2, 255) }],
    ["i64", { dtype: "I64" as const, shape: [2], data: BigInt64Array.of(-5n, 7n) }],
    ["u64", { dtype: "U64" as const, shape: [], data: BigUint64Array.of(9n) }],
    ["f64", { dtype: "F64" as const, shape: [1, 2], data: Float64Array.of(0.1, -1e300) }],
    ["f16", { dtype: "F16" as const, shape: [2], data: Uint16Array.of(0x3c00, 0xc000) }],
    ["bf16", { dtype: "BF16" as const, shape: [1], data: Uint16Array.of(0x3f80) }],
    ["i16", { dtype: "I16" as const, shape: [1], data: Int16Array.of(-3) }],
    ["u32", { dtype: "U32" as const, shape: [1], data: Uint32Array.of(4e9) }],
    ["bool", { dtype: "BOOL" as const, shape: [2], data: Uint8Array.of(0, 1) }],
    ["empty", { dtype: "F32" as const, shape: [0, 4], data: new Float32Array(0) }],
    ["__proto__", { dtype: "F32" as const, shape: [2], data: Float32Array.of(1.5, -0) }],
  ]);
  await writeSafetensors(path, tensors, { format: "pt", __proto__x: "y" });
  const opened = await openSafetensors(path);
  assert.is(opened.format, "safetensors");
  assert.equal({ ...opened.metadata }, { format: "pt", __proto__x: "y" });
  assert.equal([...opened.tensors.keys()].sort(), [...tensors.keys()].sort());
  const values = async (name: string) => [...(await opened.readFloat32(name))];
  assert.equal(await values("u8"), [1, 2, 255]);
  assert.equal(await values("i64"), [-5, 7]);
  assert.equal(await values("u64"), [9]);
  assert.equal(await values("f64"), [Math.fround(0.1), Number.NEGATIVE_INFINITY]);
  assert.equal(await values("f16"), [1, -2]);
  assert.equal(await values("bf16"), [1]);
  assert.equal(await values("i16"), [-3]);
  assert.equal(await values("u32"), [4e9]);
  assert.equal(await values("bool"), [0, 1]);
  assert.equal(await values("empty"), []);
  assert.equal(opened.tensors.get("__proto__")?.shape, [2]);
  assert.ok(Object.is((await values("__proto__"))[1], -0));
  await opened.close();
  await opened.close();
  await opened.readFloat32("u8").then(
    () => assert.unreachable("read after close"),
    (error) => assert.is(error.code, "closed"),
  );
});

test("streams large tensors in bounded chunks, the same from memory and from disk", async () => {
  const data = Float32Array.from({ length: CHUNK_BYTES / 4 + 1001 }, (_, i) => i % 1013);
  const path = join(folder, "large.safetensors");
  await writeSafetensors(path, {
    pad: { dtype: "U8", shape: [3], data: new Uint8Array(3) },
    data: { dtype: "F32", shape: [data.length], data },
  });
  for (const opened of [await openSafetensors(path), parseSafetensors(await readFile(path), path)]) {
    const sizes: number[] = [];
    for await (const chunk of opened.stream("data")) sizes.push(chunk.byteLength);
    assert.equal(sizes, [CHUNK_BYTES, 4004]);
    assert.equal(await opened.readFloat32("data"), data);
    await opened.close();
  }
});

test("reads from memory at any alignment", async () => {
  const whole = Buffer.concat(
    serializeSafetensors({ x: { dtype: "F32", shape: [2], data: Float32Array.of(3, 4) } }),
  );
  for (let shift = 0; shift < 4; shift++) {
    const moved = new Uint8Array(whole.length + shift);
    moved.set(whole, shift);
    const opened = parseSafetensors(moved.subarray(shift), "moved");
    assert.equal([...(await opened.readFloat32("x"))], [3, 4]);
  }
});

test("a truncated file is refused at every length", () => {
  const whole = Buffer.concat(
    serializeSafetensors({ x: { dtype: "F32", shape: [3], data: new Float32Array(3) } }),
  );
  for (let length = 0; length < whole.length; length++) refused("truncated", whole.subarray(0, length));
});

test("lying headers are refused with a code", () => {
  const body = new Uint8Array(16);
  refused("header", file("[]"));
  refused("header", file("null"));
  refused("header", file("{oops"));
  refused("header", file(new TextDecoder("latin1").decode(Uint8Array.of(0x7b)), body, 1n));
  refused("header", file({}, body, 100_000_001n));
  refused("header", file({}, body, 2n ** 64n - 1n));
  refused("truncated", file({}, body, 99_999_999n));
  refused("header", file({ __metadata__: { a: 1 } }));
  refused("header", file({ a: 5 }));
  refused("dtype", file({ a: { ...f32([4], [0, 16]), dtype: "F8_E4M3" } }, body));
  refused("dtype", file({ a: { ...f32([4], [0, 16]), dtype: "constructor" } }, body));
  refused("shape", file({ a: f32([-4], [0, 16]) }, body));
  refused("shape", file({ a: f32([1.5], [0, 16]) }, body));
  refused("shape", file({ a: f32(["4"], [0, 16]) }, body));
  refused("shape", file({ a: f32("4", [0, 16]) }, body));
  refused("shape", file({ a: f32([2 ** 31, 2 ** 31], [0, 16]) }, body));
  refused("offsets", file({ a: f32([3], [0, 16]) }, body));
  refused("offsets", file({ a: f32([4], [16, 0]) }, body));
  refused("offsets", file({ a: f32([4], [0]) }, body));
  refused("offsets", file({ a: f32([4], [-16, 0]) }, body));
  refused("offsets", file({ a: f32([2], [0, 8]) }, body));
  refused("offsets", file({ a: f32([2], [0, 8]), b: f32([2], [4, 12]) }, body));
  refused("offsets", file({ a: f32([1], [0, 4]), b: f32([2], [8, 16]) }, body));
  refused("truncated", file({ a: f32([8], [0, 32]) }, body));
  refused("duplicate", file(`{"a":${JSON.stringify(f32([4], [0, 16]))},"\\u0061" :{}}`, body));
});

test("keys nested in metadata are no duplicates of tensor names", () => {
  const text = `{"__metadata__":{"a":"a\\"","b":"{"},"a":${JSON.stringify(f32([], [0, 4]))}}  `;
  assert.ok(parseSafetensors(file(text, new Uint8Array(4)), "x").tensors.has("a"));
});

test("a missing file, a folder and a missing tensor say so", async () => {
  for (const [path, code] of [
    [join(folder, "none"), "not-found"],
    [folder, "not-a-file"],
  ] as const)
    await openSafetensors(path).then(
      () => assert.unreachable(),
      (error) => assert.is(error.code, code),
    );
  const opened = parseSafetensors(file({}), "empty");
  await opened.readFloat32("w").then(
    () => assert.unreachable(),
    (error) => assert.is(error.code, "no-tensor"),
  );
});

test("a file cut after opening is noticed at the read", async () => {
  const path = join(folder, "shrinks.safetensors");
  await writeSafetensors(path, { x: { dtype: "F32", shape: [100], data: new Float32Array(100) } });
  const opened = await openSafetensors(path);
  await truncate(path, 200);
  await opened.readFloat32("x").then(
    () => assert.unreachable(),
    (error) => assert.is(error.code, "truncated"),
  );
  await opened.close();
});

test("writing checks dtype, count and names before the disk is touched", async () => {
  const x = { dtype: "F32" as const, shape: [2], data: Float32Array.of(1, 2) };
  const cases = [
    ["shape", { x: { ...x, shape: [3] } }],
    ["dtype", { x: { ...x, dtype: "I32" as const } }],
    ["header", { __metadata__: x }],
  ] as const;
  for (const [code, tensors] of cases)
    await writeSafetensors(join(folder, "never"), tensors).then(
      () => assert.unreachable(),
      (error) => assert.is(error.code, code),
    );
  assert.not((await readdir(folder)).includes("never"));
});

test.run();
