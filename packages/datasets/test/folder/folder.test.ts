import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { shared } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { expandInputs, hashFile, listImages, readProductSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";

const test = suite("folder", { dir: "" });
test.before.each(async (context) => {
  context.dir = await mkdtemp(join(tmpdir(), "inctrl-folder-"));
});
test.after.each((context) => rm(context.dir, { recursive: true }));

async function touch(dir: string, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), path);
  }
}

test("images are listed by extension in any case, in plain order, hidden ones skipped", async ({ dir }) => {
  await touch(
    dir,
    "b.png",
    "a.JPG",
    "B.tiff",
    "10.bmp",
    "9.webp",
    ".hidden.png",
    "notes.txt",
    "png",
    "sub/c.png",
  );
  const names = (await listImages(dir)).map((path) => relative(dir, path));
  assert.equal(names, ["10.bmp", "9.webp", "B.tiff", "a.JPG", "b.png"]);
});

test("subfolders are searched on request; link loops end and dangling links are skipped", async ({ dir }) => {
  await touch(dir, "a.png", "x/b.png", "x/y/c.png", ".git/d.png");
  await symlink(dir, join(dir, "x/loop"));
  await symlink(join(dir, "x"), join(dir, "z"));
  await symlink(join(dir, "nothing.png"), join(dir, "gone.png"));
  await symlink(join(dir, "a.png"), join(dir, "link.png"));
  const names = (await listImages(dir, { recursive: true })).map((path) => relative(dir, path));
  assert.equal(names.length, 4, `each folder once: ${names}`);
  assert.equal(names.slice(0, 2), ["a.png", "link.png"]);
});

test("arguments may mix files and folders; a file needs no extension", async ({ dir }) => {
  await touch(dir, "set/2.png", "set/1.png", "odd");
  const names = (await expandInputs([join(dir, "odd"), join(dir, "set")])).map((path) => relative(dir, path));
  assert.equal(names, ["odd", "set/1.png", "set/2.png"]);
});

test("missing paths and empty folders are refused by name", async ({ dir }) => {
  await touch(dir, "only/text.txt", "parts/good/a.png");
  await rejects(() => expandInputs([join(dir, "nope")]), "missing", /nope: no such file or folder/);
  await rejects(() => expandInputs([join(dir, "only")]), "empty", /only: no images in this folder; put/);
  await rejects(() => expandInputs([join(dir, "parts")]), "empty", /name one of its folders \(good\)/);
  await rejects(() => expandInputs([]), "empty", /no images/);
  await rejects(() => listImages(join(dir, "only/text.txt")), "not-a-folder", /this is a file/);
});

test("a class in MVTec's layout is read with labels, kinds and masks", async ({ dir }) => {
  await touch(dir, "nut/train/good/1.png", "nut/train/good/0.png", "nut/test/good/0.png");
  await touch(dir, "nut/test/crack/0.png", "nut/test/crack/1.png", "nut/test/dent/0.png");
  await touch(dir, "nut/ground_truth/crack/0_mask.png", "nut/ground_truth/dent/0.png");
  const set = await readProductSet(join(dir, "nut/"));
  assert.is(set.name, "nut");
  assert.equal(
    set.train.map(({ id }) => id),
    ["nut/train/good/0.png", "nut/train/good/1.png"],
  );
  assert.equal(
    set.test.map(({ id, label, kind, mask }) => [id, label, kind, mask !== undefined]),
    [
      ["nut/test/crack/0.png", 1, "crack", true],
      ["nut/test/crack/1.png", 1, "crack", false],
      ["nut/test/dent/0.png", 1, "dent", true],
      ["nut/test/good/0.png", 0, "good", false],
    ],
  );
  // The files hold their own paths, so decoding names the mask that was found.
  await rejects(() => set.test[0].mask!(), "not-an-image", /ground_truth.crack.0_mask\.png/);
  await rejects(() => set.test[2].mask!(), "not-an-image", /ground_truth.dent.0\.png/);
  await rejects(() => readProductSet(dir), "bad-layout", /give one of its classes \(nut\)/);
  await rejects(() => readProductSet(join(dir, "nut/train")), "bad-layout", /lay it out as/);
  await rejects(() => readProductSet(join(dir, "absent")), "missing", /absent/);
  await rm(join(dir, "nut/test"), { recursive: true });
  await mkdir(join(dir, "nut/test"));
  await rejects(() => readProductSet(join(dir, "nut")), "empty", /test: no images/);
});

test("the leather of MVTec AD is read", async () => {
  const folder = shared("data/mvtec/leather");
  if (!folder) return;
  const set = await readProductSet(folder);
  assert.is(set.name, "leather");
  const masked = set.test.filter((item) => item.mask);
  assert.ok(set.train.length > 0 && masked.length > 0);
  assert.ok(masked.every(({ label }) => label === 1));
});

test("hashFile gives the sha256 of a file", async ({ dir }) => {
  await writeFile(join(dir, "abc"), "abc");
  const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.is(await hashFile(join(dir, "abc")), want);
  await rejects(() => hashFile(join(dir, "nothing")), "missing", /no such file/);
});

test.run();
