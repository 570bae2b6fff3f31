import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TensorFileError } from "@inctrl/tensor";
import { isLeftover, takeLock } from "@inctrl/tensor/files";
import { folderTests, throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { amendBank, changeBank, openSealed, readHistory, undoBank, writeSealed } from "../../src/index.js";

const test = folderTests("versions of banks", { path: "" });

const made = (path: string, note = "first") =>
  writeSealed(
    path,
    { features: { dtype: "F32", shape: [256], data: new Float32Array(256).fill(1) } },
    { format: "inctrl-bank", note },
  );

test.before.each(async (context) => {
  context.path = join(context.dir, "a.bank.safetensors");
  await made(context.path);
});

const changed = async (path: string, note: string) => {
  const { id: from } = await readHistory(path);
  return await changeBank(
    path,
    { what: "images removed", images: [{ name: note, sha256: null }], from },
    (entries) => amendBank(path, { ...entries, note }),
  );
};

const noteOf = async (path: string) => {
  await using file = await openSealed(path);
  for (const name of file.tensors.keys()) await file.readFloat32(name);
  return file.metadata.note;
};

test("each change makes a version; the last ten go back one by one", async ({ dir, path }) => {
  assert.is((await readHistory(path)).version, 1);
  for (let i = 2; i <= 13; i++) assert.is((await changed(path, `v${i}`)).version, i);
  const versions = Array.from({ length: 10 }, (_, i) => `a.bank.safetensors.v${i + 3}`);
  assert.equal(new Set(readdirSync(dir)), new Set(["a.bank.safetensors", ...versions]));
  const { changes } = await readHistory(path);
  assert.equal(
    changes.map(({ version, images }) => [version, images[0].name]),
    Array.from({ length: 10 }, (_, i) => [i + 4, `v${i + 4}`]),
  );
  await throwsCode(() => undoBank(path, 12), "bank", /is version 13 and not 12; look again/);
  for (let i = 12; i >= 3; i--) {
    assert.is((await undoBank(path)).version, i + 1);
    assert.is(await noteOf(path), `v${i}`);
  }
  assert.equal(readdirSync(dir), ["a.bank.safetensors"]);
  await throwsCode(
    () => undoBank(path),
    "bank",
    /\.v2 is missing, which is the version before; of a bank the last 10/,
  );
});

test("a link is followed, so that versions lie beside the file itself", async ({ dir, path }) => {
  const link = join(dir, "link.safetensors");
  symlinkSync(path, link);
  await changed(link, "second");
  assert.is(await noteOf(path), "second");
  await undoBank(link);
  assert.equal([await noteOf(path), readdirSync(dir).length], ["first", 2]);
});

test("a version of another bank, a damaged one, and a change while another runs are refused", async ({
  path,
}) => {
  await changed(path, "second");
  const kept = `${path}.v1`;
  const sound = readFileSync(kept);
  await made(kept, "another");
  await throwsCode(() => undoBank(path), "bank", /\.v1 is not the version before/);
  const spoilt = Buffer.from(sound);
  spoilt[spoilt.length - 1] ^= 1;
  writeFileSync(kept, spoilt);
  await throwsCode(() => undoBank(path), "damaged", /tensor "features" is not what was written/);
  assert.is(await noteOf(path), "second");
  const lock = await takeLock(`${path}.lock`);
  await throwsCode(() => undoBank(path), "locked", /another/, TensorFileError);
  await lock.release();
  writeFileSync(kept, sound);
  assert.is((await undoBank(path)).version, 2);
});

test("a bank that was saved anew under a name knows nothing of the versions of the other", async ({
  path,
}) => {
  await changed(path, "second");
  await made(path, "anew");
  await throwsCode(() => undoBank(path), "bank", /was never changed/);
  await changed(path, "after");
  await undoBank(path);
  assert.is(await noteOf(path), "anew");
});

test("damaged histories, other files and files without checksums are refused", async ({ dir, path }) => {
  for (const history of ["{", "{}", '[{"version":1}]', JSON.stringify([change(2), change(4)])]) {
    const spoilt = join(dir, "spoilt");
    copyFileSync(path, spoilt);
    await amendBank(spoilt, { history });
    await throwsCode(() => readHistory(spoilt), "bank", /its history is damaged or of a later version/);
  }
  const other = join(dir, "other");
  await writeSealed(other, {}, {});
  await throwsCode(() => changed(other, ""), "bank", /is no prompt bank/);
});

const change = (version: number) => ({
  ...{ version, made: "2026-01-01", what: "calibrated", images: [], before: "0" },
});

test("a run that is killed leaves a whole bank, and one that can go back", async ({ path }) => {
  const script = fileURLToPath(new URL("change-again.ts", import.meta.url));
  const moments = Array.from({ length: process.env.INCTRL_TEST_ALL ? 30 : 1 }, (_, i) => 3 + ((7 * i) % 30));
  for (const ms of moments) {
    const child = spawn(process.execPath, [...process.execArgv, script, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await setTimeout(ms);
    child.kill("SIGKILL");
    await once(child, "close");
    const { version, changes } = await readHistory(path);
    assert.ok(version > 1, "some changes were made");
    const note = await noteOf(path);
    assert.is((await undoBank(path)).version, version);
    const before = await readHistory(path);
    assert.equal([before.version, before.id], [version - 1, changes[changes.length - 1].before]);
    assert.is.not(await noteOf(path), note);
    await changed(path, "next");
  }
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(basename(path))) continue;
    assert.ok(await isLeftover(join(dirname(path), name)), `${name} is removed by the next run`);
  }
  assert.equal(
    readdirSync(dirname(path)).filter((name) => name.endsWith(".lock")),
    [],
  );
});

test.run();
