import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writeFileAtomic } from "../../src/index.js";
import { rejects } from "../support/rejects.js";

const test = suite("write", { dir: "" });
test.before(async (context) => {
  context.dir = await mkdtemp(join(tmpdir(), "inctrl-write-"));
});
test.after((context) => rm(context.dir, { recursive: true }));

test("writes, replaces, and leaves no temporary file", async ({ dir }) => {
  const path = join(dir, "a.txt");
  await writeFileAtomic(path, "one");
  await writeFileAtomic(path, Buffer.from("two"));
  assert.is(await readFile(path, "utf8"), "two");
  assert.equal(await readdir(dir), ["a.txt"]);
});

test("a failure names the path, keeps what was there, and removes the temporary file", async ({ dir }) => {
  await rejects(
    () => writeFileAtomic(join(dir, "no/such/a.txt"), "x"),
    "missing",
    /no folder.*make it first/,
  );
  await mkdir(join(dir, "folder/inside"), { recursive: true });
  await rejects(() => writeFileAtomic(join(dir, "folder"), "x"), "not-writable", /this is a folder/);
  assert.equal(
    (await readdir(dir)).filter((name) => name.endsWith(".tmp")),
    [],
  );
  assert.equal(await readdir(join(dir, "folder")), ["inside"]);
});

test.run();
