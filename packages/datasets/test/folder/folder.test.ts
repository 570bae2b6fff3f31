import { link, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { folderTests, shared } from "@inctrl/testing";
import * as assert from "uvu/assert";
import {
  decodeImage,
  type FindOptions,
  findImages,
  hashFile,
  type ListOptions,
  leftOutText,
  listImages,
  readListing,
  readProductSet,
} from "../../src/index.js";
import { rejects } from "../support/rejects.js";

const test = folderTests("folder");

const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

async function touch(dir: string, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), path);
  }
}

const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);

/** What a folder's listing takes, and what it leaves out, as paths below the folder. */
async function listingOf(dir: string, options?: ListOptions) {
  const { images, left } = await readListing(dir, options);
  return {
    images: images.map((path) => relative(dir, path)),
    left: Object.fromEntries(left.map(({ path, reason }) => [relative(dir, path), reason])),
  };
}

test("an image is known by its ending in any case, in plain order, else by its content; the rest is named", async ({
  dir,
}) => {
  await touch(dir, "b.png", "a.JPG", "B.tiff", "10.bmp", "9.webp", "line\nbreak.PNG", "empty.jfif", "x.Pgm");
  await touch(dir, ".hidden.png", "notes.txt", "png", "sub/c.png", "Thumbs.db", "._b.png", ".DS_Store");
  await touch(dir, "__MACOSX/d.png");
  for (const name of ["photo", "scan.dat", "moved.txt"]) await writeFile(join(dir, name), JPEG);
  await writeFile(join(dir, "nothing"), "");
  await writeFile(join(dir, "camera.nef"), "II*\0 more");
  await writeFile(join(dir, "phone.heic"), "\0\0\0\x18ftypheic");
  const { images, left } = await listingOf(dir);
  const named = ["10.bmp", "9.webp", "B.tiff", "a.JPG", "b.png", "empty.jfif", "line\nbreak.PNG"];
  assert.equal(images, [...named, "moved.txt", "photo", "scan.dat", "x.Pgm"]);
  assert.equal(left, {
    ".hidden.png": "hidden",
    "camera.nef": "this is a camera's raw file, whose TIFF shows a small preview alone",
    "notes.txt": "this is a text file, not an image",
    nothing: "the file is empty",
    "phone.heic": "this is a HEIC, AVIF or video file",
    png: "this is a text file, not an image",
    sub: "a folder beside images",
  });
  const isImage = (await readListing(dir)).left.filter(({ image }) => image);
  assert.equal(
    isImage.map(({ path }) => relative(dir, path)),
    ["camera.nef", "phone.heic"],
  );
  assert.equal(await listImages(dir), (await readListing(dir)).images);
});

test("subfolders are searched on request, each once, under its own name; dangling links are named", async ({
  dir,
}) => {
  await touch(dir, "a.png", "x/b.png", "x/y/c.png", ".git/d.png");
  await symlink(dir, join(dir, "x/loop"));
  await symlink(join(dir, "x"), join(dir, "first"));
  await symlink(join(dir, "nothing.png"), join(dir, "gone.png"));
  await symlink(join(dir, "a.png"), join(dir, "link.png"));
  const { images, left } = await listingOf(dir, { recursive: true });
  assert.equal(images, ["a.png", "link.png", "x/b.png", "x/y/c.png"]);
  const again = "a folder that is listed already";
  assert.equal(left, { ".git": "hidden", first: again, "gone.png": "a link to nothing", "x/loop": again });
});

test("names that are no UTF-8 lead to their files, in folders and as arguments", async ({ dir }) => {
  const bytes = (name: string) => Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(name, "latin1")]);
  const made = await mkdir(bytes("caf\xe9")).catch((error: Error) => error);
  // File systems of macOS refuse such names.
  if (made instanceof Error) return;
  await writeFile(bytes("caf\xe9/\xff\xc3\xa9.png"), "abc");
  await writeFile(bytes("caf\xe9/2.png"), "");
  await symlink("2.png", bytes("caf\xe9/\xfe"));
  const want = ["2.png", "\udcff\u00e9.png"].map((name) => join(dir, "caf\udce9", name));
  const { images, left } = await findImages([dir]);
  assert.equal(images, want);
  assert.equal(leftOutText(left), `${join(dir, "caf\udce9", "\udcfe")} (the file is empty)`);
  assert.equal((await findImages([join(dir, "caf\ufffd", "\ufffd\u00e9.png")])).images, [want[1]]);
  assert.is(await hashFile(want[1]), ABC);
  await rejects(() => decodeImage(want[1]), "not-an-image", /text file/);
  await rejects(() => findImages([join(dir, "\ufffd.png")]), "missing", /no such file/);
  await writeFile(bytes("caf\xe9/\xfd\xc3\xa9.png"), "");
  await rejects(() => findImages([join(dir, "caf\ufffd", "\ufffd\u00e9.png")]), "missing", /2 files/);
});

test("arguments may mix files and folders; a folder without images of its own stands for its folders", async ({
  dir,
}) => {
  await touch(dir, "set/2.png", "set/1.png", "set/more/3.png", "odd", "all/b/1.png", "all/a.txt");
  const taken = async (names: string[], options?: FindOptions) => {
    const { images, left, entered } = await findImages(
      names.map((name) => join(dir, name)),
      options,
    );
    const below = (paths: readonly string[]) => paths.map((path) => relative(dir, path));
    return [below(images), below(left.map(({ path }) => path)), below(entered)];
  };
  assert.equal(await taken(["odd", "set"]), [["odd", "set/1.png", "set/2.png"], ["set/more"], []]);
  assert.equal(await taken(["set"], { recursive: true }), [
    ["set/1.png", "set/2.png", "set/more/3.png"],
    [],
    [],
  ]);
  assert.equal(await taken(["all", "all/b/1.png"]), [["all/b/1.png", "all/b/1.png"], ["all/a.txt"], ["all"]]);
  await symlink(join(dir, "odd"), join(dir, "set/0.png"));
  await link(join(dir, "set/1.png"), join(dir, "set/9.png"));
  const names = [["odd", "set/1.png", "set/2.png"], ["set/more", "set/0.png", "set/9.png", "odd"], []];
  assert.equal(await taken(["odd", "set", "odd"], { distinct: true }), names);
});

test("missing paths and empty folders are refused by name", async ({ dir }) => {
  await touch(dir, "only/text.txt", "parts/good/a.png");
  await rejects(() => findImages([join(dir, "nope")]), "missing", /nope: no such file or folder/);
  await rejects(
    () => findImages([join(dir, "only")]),
    "empty",
    /only: no images in this folder; put.*text\.txt/,
  );
  const flat = () => findImages([join(dir, "parts")], { recursive: false });
  await rejects(flat, "empty", /name one of its folders \(good\)/);
  await rejects(() => findImages([]), "empty", /no images/);
  await rejects(() => listImages(join(dir, "only/text.txt")), "not-a-folder", /this is a file/);
});

test("what is left out is told by reason, each with its first names", () => {
  const left = ["a", "b", "c", "d", "e", "f"].map((path) => ({ path, reason: "hidden", image: false }));
  const text = leftOutText([...left, { path: "g", reason: "empty", image: false }]);
  assert.is(text, "a, b, c, d and 2 more (hidden); g (empty)");
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
  assert.equal(
    [0, 2].map((i) => set.test[i].maskFiles?.map((path) => relative(dir, path))),
    [["nut/ground_truth/crack/0_mask.png"], ["nut/ground_truth/dent/0.png"]],
  );
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
  assert.is(await hashFile(join(dir, "abc")), ABC);
  await rejects(() => hashFile(join(dir, "nothing")), "missing", /no such file/);
});

test.run();
