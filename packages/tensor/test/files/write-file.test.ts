import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderTests, throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { onDisk } from "../../src/files/disk-path.js";
import { TensorFileError } from "../../src/files/error.js";
import { writeFileAtomic } from "../../src/files/write-file.js";

const test = folderTests("write-file");

const refuses = (run: () => unknown, says: RegExp) => throwsCode(run, "write", says, TensorFileError);

test("text, bytes and parts are written, and no temporary file is left", async ({ dir }) => {
  const path = join(dir, "a.txt");
  for (const [content, want] of [
    ["one", "one"],
    [Buffer.from("two"), "two"],
    [[Buffer.from("th"), Buffer.from("ree")], "three"],
  ] as const) {
    await writeFileAtomic(path, content);
    assert.is(await readFile(path, "utf8"), want);
  }
  assert.equal(await readdir(dir), ["a.txt"]);
});

test("a part that fails leaves the old file and no temporary one", async ({ dir }) => {
  const path = join(dir, "x.bin");
  await writeFile(path, "old");
  const broken = (async function* () {
    yield Uint8Array.of(1);
    throw new Error("no more parts");
  })();
  await refuses(() => writeFileAtomic(path, broken), /no more parts/);
  assert.equal(await readdir(dir), ["x.bin"]);
  assert.is(await readFile(path, "utf8"), "old");
});

test("a refusal of the system names the path and how to mend it", async ({ dir }) => {
  await refuses(() => writeFileAtomic(join(dir, "no/such/a.txt"), "x"), /no folder .*no.such; make it first/);
  await mkdir(join(dir, "folder/inside"), { recursive: true });
  await refuses(() => writeFileAtomic(join(dir, "folder"), "x"), /this is a folder/);
  assert.equal(await readdir(dir), ["folder"]);
  assert.equal(await readdir(join(dir, "folder")), ["inside"]);
});

test("links are followed, to a link or to a file that is not there yet, and stay links", async ({ dir }) => {
  await mkdir(join(dir, "other"));
  await symlink("other/two", join(dir, "one"));
  await symlink("../file.txt", join(dir, "other/two"));
  for (const content of ["new", "newer"]) {
    await writeFileAtomic(join(dir, "one"), content);
    assert.is(await readFile(join(dir, "file.txt"), "utf8"), content);
  }
  assert.ok((await lstat(join(dir, "one"))).isSymbolicLink());
  await symlink("circle", join(dir, "circle"));
  await refuses(() => writeFileAtomic(join(dir, "circle"), "x"), /ELOOP/);
});

test("an older file's permissions are kept", async ({ dir }) => {
  const path = join(dir, "private");
  await writeFile(path, "old");
  await chmod(path, 0o600);
  await writeFileAtomic(path, "new");
  assert.is((await stat(path)).mode & 0o777, 0o600);
});

test("every name that the system takes is written to, however long, and in any encoding", async ({ dir }) => {
  const names = ["a".repeat(255), "a".repeat(242), "\u00fc".repeat(127)];
  if (process.platform === "linux") names.push(`${"\udcfc".repeat(254)}x`);
  for (const name of names) {
    await writeFileAtomic(join(dir, name), name);
    assert.is((await stat(onDisk(join(dir, name)))).size, Buffer.byteLength(name));
  }
  await refuses(() => writeFileAtomic(join(dir, "a".repeat(256)), "x"), /name is too long/);
});

test.run();
