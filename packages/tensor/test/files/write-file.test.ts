import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { throwsCode } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TensorFileError } from "../../src/files/error.js";
import { writeFileAtomic } from "../../src/files/write-file.js";

const test = suite("write-file", { dir: "" });
test.before.each(async (context) => {
  context.dir = await mkdtemp(join(tmpdir(), "inctrl-write-"));
});
test.after.each((context) => rm(context.dir, { recursive: true }));

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

test.run();
