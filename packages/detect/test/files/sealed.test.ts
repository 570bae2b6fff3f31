import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSafetensors, type StoredTensor, writeSafetensors } from "@inctrl/tensor";
import { throwsCode } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkSeal, openSealed, writeSealed } from "../../src/files/sealed.js";
import { readSealed, sealLine } from "../../src/files/sealed-lines.js";

const test = suite("sealed files");
const folder = mkdtempSync(join(tmpdir(), "inctrl-test-"));
test.after(() => rmSync(folder, { recursive: true }));

const TENSORS: Record<string, StoredTensor> = {
  sum: { dtype: "F32", shape: [3], data: Float32Array.of(1, -2, 0.5) },
  half: { dtype: "F16", shape: [2, 2], data: Uint16Array.of(0x3c00, 0, 0x4000, 0xbc00) },
  none: { dtype: "F32", shape: [0], data: new Float32Array() },
};
const METADATA = { format: "test", note: '"sum":"' };

/** All values of a file, in the order of their names. */
async function valuesOf(bytes: Uint8Array) {
  const file = checkSeal(parseSafetensors(bytes, "a file"));
  const names = [...file.tensors.keys()].sort();
  return await Promise.all(names.map(async (name) => [name, ...(await file.readFloat32(name))]));
}

test("what was written comes back, with its metadata", async () => {
  const path = join(folder, "sealed.safetensors");
  await writeSealed(path, TENSORS, METADATA);
  const file = await openSealed(path);
  assert.is(file.sealed, true);
  assert.is(file.metadata.note, METADATA.note);
  assert.equal([...(await file.readFloat32("sum"))], [1, -2, 0.5]);
  assert.equal([...(await file.readFloat32("half", new Float32Array(9)))], [1, 0, 2, -1]);
  await file.close();
});

test("any flipped bit is refused; a file without checksums is read, and says that it has none", async () => {
  const path = join(folder, "flipped.safetensors");
  await writeSealed(path, TENSORS, METADATA);
  const sound = readFileSync(path);
  assert.equal(await valuesOf(sound), [["half", 1, 0, 2, -1], ["none"], ["sum", 1, -2, 0.5]]);
  for (let at = 0; at < sound.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const bytes = Uint8Array.from(sound);
      bytes[at] ^= 1 << bit;
      const error = await valuesOf(bytes).then(
        () => assert.unreachable(`byte ${at}, bit ${bit} is accepted`),
        (error) => error,
      );
      assert.type(error.code, "string", `byte ${at}, bit ${bit}: ${error.message}`);
    }
  }
  await writeSafetensors(path, TENSORS, METADATA);
  const old = await openSealed(path);
  assert.is(old.sealed, false);
  assert.equal([...(await old.readFloat32("sum"))], [1, -2, 0.5]);
  await old.close();
});

test("a tensor of another file, and a description of another file, are named", async () => {
  const path = join(folder, "mixed.safetensors");
  await writeSealed(path, TENSORS, METADATA);
  const bytes = Buffer.from(readFileSync(path));
  const last = bytes.length - 8;
  bytes.writeUInt16LE(0x3c01, last);
  writeFileSync(path, bytes);
  const file = await openSealed(path);
  await throwsCode(
    () => file.readFloat32("half"),
    "damaged",
    /mixed\.safetensors: tensor "half" is not what/,
  );
  await file.close();
  bytes[bytes.indexOf('"test"') + 1]++;
  writeFileSync(path, bytes);
  await throwsCode(() => openSealed(path), "damaged", /its header is not what was written/);
});

/** The log of some entries. */
function logOf(entries: readonly object[]): string[] {
  let state = "";
  return entries.map((entry) => {
    const sealed = sealLine(entry, state);
    state = sealed.state;
    return sealed.line;
  });
}

const ENTRIES = [
  { step: 1, loss: 0.5 },
  { step: 2, loss: 0.25 },
  { step: 3, note: 'a "sum":"' },
];
const [ONE, TWO, THREE] = logOf(ENTRIES);
const OLD = ENTRIES.map((entry) => `${JSON.stringify(entry)}\n`);
const MIXED = OLD[0] + sealLine(ENTRIES[1], [...readSealed(OLD[0])][0].state).line;

const LOGS: [name: string, text: string, sound: number][] = [
  ["as written", ONE + TWO + THREE, 3],
  ["empty", "", 0],
  ["cut in its last line", (ONE + TWO + THREE).slice(0, -2), 2],
  ["without its end", ONE + TWO, 2],
  ["a line left out", ONE + THREE, 1],
  ["lines in another order", TWO + ONE, 0],
  ["a line twice", ONE + ONE + TWO, 1],
  ["another value", ONE + TWO.replace("0.25", "0.26") + THREE, 1],
  ["another space", ONE + TWO.replace(":2,", ": 2,") + THREE, 1],
  ["a line added", ONE + OLD[1] + THREE, 1],
  ["a line of another log", ONE + logOf([ENTRIES[2], ENTRIES[1]])[1], 1],
  ["from before checksums", OLD.join(""), 3],
  ["from before checksums, no JSON", `${OLD[0]}{\n${OLD[1]}`, 1],
  ["continued with checksums", MIXED, 2],
  ["continued, its old part changed", MIXED.replace("0.5", "0.6"), 1],
];

for (const [name, text, sound] of LOGS)
  test(`a log ${name} has ${sound} sound lines`, () => {
    const read = [...readSealed(text)].map(({ entry }) => entry);
    assert.is(read.length, sound);
    if (!/old part/.test(name)) assert.equal(read, ENTRIES.slice(0, sound));
  });

test.run();
