import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shared } from "@inctrl/testing";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodeImage, imageHeader, toRGB } from "../../src/index.js";
import { rejects } from "../support/rejects.js";

const test = suite("decode", { dir: "" });
test.before(async (context) => {
  context.dir = await mkdtemp(join(tmpdir(), "inctrl-decode-"));
});
test.after((context) => rm(context.dir, { recursive: true }));

/** Name, mode, width, height and start of the sha256 of the pixels (bilevel as 0/255) that Pillow 9.4 gives. */
const PILLOW = `
gray-1bit.png 1 140 120 3d5905e8d84eb8ed
gray-alpha.png LA 240 240 7fedfb225252884b
gray.jpg L 250 250 9aed3c9a71f7838b
gray.png L 300 300 46e82770bf5449b5
label.bmp L 50 125 22b3e38323008b2f
palette.png P 260 180 c8b6b5b6d11f47b7
photo-420.jpg RGB 380 256 43c8d4d9b2200978
photo-444.jpg RGB 240 300 e9d8568862bdaa82
rgb-landscape.png RGB 333 200 5832be3cadeffc95
rgb-large.png RGB 700 901 20773f947459964e
rgb-portrait.png RGB 190 351 0f55185dcdb47d0a
rgb-small.png RGB 28 32 5ef2452031ba0dcc
rgba.png RGBA 240 240 04da1af606697e23`;

test("pixels and modes of PNG, BMP and JPEG are Pillow's, bit for bit", async () => {
  const folder = shared("golden/io/images");
  if (!folder) return;
  for (const row of PILLOW.trim().split("\n")) {
    const [name, mode, width, height, hash] = row.split(" ");
    const want = [mode, Number(width), Number(height)];
    const path = join(folder, name);
    const image = await decodeImage(path);
    assert.equal([image.mode, image.width, image.height], want, name);
    assert.is(createHash("sha256").update(image.data).digest("hex").slice(0, 16), hash, name);
    const header = await imageHeader(path);
    assert.equal([header.mode, header.width, header.height], want, name);
  }
});

const raw = { width: 6, height: 4, channels: 3 } as const;
const pixels = Uint8Array.from({ length: 72 }, (_, i) => (i * 37) % 256);

test("WebP, TIFF and GIF are recognised by content and decoded", async () => {
  const source = () => sharp(pixels, { raw });
  for (const [format, bytes] of [
    ["webp", await source().webp({ lossless: true }).toBuffer()],
    ["tiff", await source().tiff({ compression: "lzw" }).toBuffer()],
    ["gif", await source().gif({ colours: 256, dither: 0, effort: 1 }).toBuffer()],
  ] as const) {
    const image = await decodeImage(bytes);
    assert.equal([image.width, image.height], [6, 4], format);
    assert.is((await imageHeader(bytes)).format, format);
    if (format !== "gif") assert.equal([...toRGB(image).data], [...pixels], format);
  }
});

/** A little-endian TIFF of one uncompressed strip of 16-bit gray, which sharp cannot write. */
function tiff16(width: number, height: number, values: number[]): Buffer {
  const entries = [
    [256, width],
    [257, height],
    [258, 16],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, height],
    [279, values.length * 2],
  ];
  const ifd = 8 + values.length * 2;
  const out = Buffer.alloc(ifd + 6 + 12 * entries.length);
  out.write("II*\0", "latin1");
  out.writeUInt32LE(ifd, 4);
  values.forEach((value, i) => {
    out.writeUInt16LE(value, 8 + 2 * i);
  });
  out.writeUInt16LE(entries.length, ifd);
  entries.forEach(([tag, value], i) => {
    const at = ifd + 2 + 12 * i;
    out.writeUInt16LE(tag, at);
    out.writeUInt16LE(4, at + 2);
    out.writeUInt32LE(1, at + 4);
    out.writeUInt32LE(value, at + 8);
  });
  return out;
}

test("gray stays gray, also at 16 bits, which are cut to the high byte", async () => {
  const gray = await sharp(pixels, { raw }).toColourspace("b-w").jpeg().toBuffer();
  const image = await decodeImage(gray);
  assert.is(image.mode, "L");
  assert.is(image.data.length, 24);
  const wide = await decodeImage(tiff16(3, 2, [0, 255, 256, 0x8001, 0xfeff, 0xffff]));
  assert.is(wide.mode, "L");
  assert.equal([...wide.data], [0, 0, 1, 0x80, 0xfe, 0xff]);
});

test("EXIF orientation of a JPEG is not applied, that of a TIFF is, as Pillow does", async () => {
  const turned = () => sharp(pixels, { raw }).withMetadata({ orientation: 6 });
  const jpeg = await decodeImage(await turned().jpeg().toBuffer());
  assert.equal([jpeg.width, jpeg.height], [6, 4]);
  const tiff = await decodeImage(await turned().tiff({ compression: "lzw" }).toBuffer());
  assert.equal([tiff.width, tiff.height], [4, 6]);
  assert.equal([...tiff.data.subarray(0, 3)], [...pixels.subarray(54, 57)], "lower left comes first");
});

test("CMYK becomes RGB by Pillow's formula", async () => {
  const flat = { create: { width: 8, height: 8, channels: 3, background: "#c86432" } } as const;
  const cmyk = await sharp(flat).toColourspace("cmyk").tiff({ compression: "lzw" }).toBuffer();
  const image = await decodeImage(cmyk);
  const inks = await sharp(cmyk).pipelineColourspace("cmyk").toColourspace("cmyk").raw().toBuffer();
  assert.is(image.mode, "RGB");
  assert.is(inks.length, 256);
  const want = [0, 1, 2].map((c) => 255 - inks[3] - Math.round((inks[c] * (255 - inks[3])) / 255));
  assert.equal([...image.data.subarray(0, 3)], want);
});

test("sizes are checked in the headers of coded formats too", async () => {
  const jpeg = await sharp(pixels, { raw }).jpeg().toBuffer();
  await rejects(() => decodeImage(jpeg, { maxPixels: 23 }), "too-large", /6 x 4 pixels/);
  await decodeImage(jpeg, { maxPixels: 24 });
  const sof = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  const huge = Buffer.from(jpeg);
  huge.writeUInt16BE(65000, sof + 5);
  huge.writeUInt16BE(65000, sof + 7);
  await rejects(() => decodeImage(huge), "too-large", /65000 x 65000 pixels.*limit of 100000000/);
});

test("cut off JPEG, WebP and TIFF are refused", async () => {
  const big = { width: 200, height: 200, channels: 3 } as const;
  const noise = Uint8Array.from({ length: 120000 }, (_, i) => (i * i * 31) >> 5);
  for (const bytes of [
    await sharp(noise, { raw: big }).jpeg().toBuffer(),
    await sharp(noise, { raw: big }).webp().toBuffer(),
    await sharp(noise, { raw: big }).tiff({ compression: "none" }).toBuffer(),
  ]) {
    for (const share of [0.02, 0.5, 0.9]) {
      const cut = bytes.subarray(0, Math.floor(bytes.length * share));
      let code = "accepted";
      await decodeImage(cut).catch((error) => {
        code = error.code;
      });
      assert.ok(code === "truncated" || code === "corrupt", `${bytes.subarray(0, 4)} at ${share}: ${code}`);
    }
  }
});

test("a file that is no image is refused with what it is", async ({ dir }) => {
  const say = async (name: string, content: string | Uint8Array, code: string, says: RegExp) => {
    const path = join(dir, name);
    await writeFile(path, content);
    await rejects(() => decodeImage(path), code, says);
    await rejects(() => imageHeader(path), code, says);
  };
  await say("text.png", "just some words\n", "not-an-image", /text\.png: this is a text file/);
  await say("page.jpg", "<!DOCTYPE html><html>", "not-an-image", /web page.*download/);
  await say("lfs.png", "version https://git-lfs.github.com/spec/v1\n", "not-an-image", /git lfs pull/);
  await say("set.png", "PK\x03\x04rest", "not-an-image", /ZIP/);
  await say("drawing.png", "  <svg xmlns='x'>", "not-an-image", /SVG/);
  await say("empty.png", "", "empty", /the file is empty/);
  await say("noise.png", new Uint8Array([1, 2, 3, 0, 5]), "not-an-image", /no image format/);
  await say("line\nbreak.png", "words", "not-an-image", /line\\nbreak\.png/);
});

test("missing paths, folders and files that are too large are refused", async ({ dir }) => {
  await rejects(() => decodeImage(join(dir, "nothing.png")), "missing", /no such file/);
  await rejects(() => decodeImage(dir), "not-an-image", /no file/);
  const path = join(dir, "sparse.png");
  await writeFile(path, "");
  await truncate(path, 2 ** 29 + 1);
  await rejects(() => decodeImage(path), "too-large", /more than the 536870912 bytes that are read/);
});

test("the extension does not matter", async ({ dir }) => {
  const path = join(dir, "really-a.png");
  await writeFile(path, await sharp(pixels, { raw }).jpeg().toBuffer());
  assert.is((await imageHeader(path)).format, "jpeg");
  assert.equal((await decodeImage(path)).data, (await decodeImage(await readFile(path))).data);
});

test.run();
