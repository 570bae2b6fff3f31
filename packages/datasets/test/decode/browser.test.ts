import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { deflateSync } from "node:zlib";
import sharp, { type JpegOptions, type Sharp } from "sharp";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeCoded, useJpegWasm } from "../../src/decode/coded-browser.js";
import { decodeSamples, imageHeader } from "../../src/decode/decode.js";
import { inflated } from "../../src/decode/inflate-browser.js";
import { jpegHeader } from "../../src/decode/jpeg-header.js";
import { decodeTiff } from "../../src/decode/not-here.js";
import { sha256 } from "../../src/sha256-browser.js";
import { rejects } from "../support/rejects.js";

// What a bundle for browsers takes in place of sharp and of Node's own modules, held to those.

const LIMITS = { label: "photo.jpg", maxPixels: 1e6 };
const wasm = createRequire(import.meta.url).resolve("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm");

const load = async () => (await readFile(wasm)).buffer as ArrayBuffer;

test("a decoder that cannot be loaded is said, and tried again with the next image", async () => {
  const decode = async () => decodeCoded(await jpeg({}), "jpeg", LIMITS);
  await rejects(decode, "unreadable", /cannot be loaded \(useJpegWasm was not called\)/);
  useJpegWasm(async () => Promise.reject(new Error("offline")));
  await rejects(decode, "unreadable", /photo\.jpg: .* cannot be loaded \(offline\); load the page again/);
  useJpegWasm(load);
  assert.is((await decode()).samples.width, 77);
});

/** A drawn JPEG of 77 x 53 pixels, which are no multiple of its blocks. */
async function jpeg(options: JpegOptions, prepare = (image: Sharp) => image): Promise<Uint8Array> {
  const [width, height] = [77, 53];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) =>
    Math.round(128 + 90 * Math.sin(i / 97) + ((i * 2654435761) % 37)),
  );
  const drawn = sharp(pixels, { raw: { width, height, channels: 3 } });
  return new Uint8Array(await prepare(drawn).jpeg(options).toBuffer());
}

const KINDS: readonly (readonly [name: string, file: () => Promise<Uint8Array>])[] = [
  ["4:2:0", () => jpeg({ chromaSubsampling: "4:2:0", quality: 60 })],
  ["4:4:4, progressive", () => jpeg({ chromaSubsampling: "4:4:4", progressive: true })],
  ["gray", () => jpeg({}, (image) => image.toColourspace("b-w"))],
  ["turned by EXIF", () => jpeg({}, (image) => image.withMetadata({ orientation: 6 }))],
];

for (const [name, file] of KINDS)
  test(`the pixels of a JPEG are those of Node, bit by bit: ${name}`, async () => {
    const bytes = await file();
    const { samples, orientation } = await decodeCoded(bytes, "jpeg", LIMITS);
    const want = await decodeSamples(bytes);
    assert.equal([samples.width, samples.height, samples.mode], [77, 53, want.mode]);
    assert.instance(samples.data, Uint8Array);
    assert.ok(Buffer.from(samples.data.buffer).equals(Buffer.from(want.data)), "other pixels");
    assert.is(orientation, (await imageHeader(bytes, { orientation: "follow" })).orientation);
  });

test("JPEGs that are cut off, damaged, too large or of a rare kind are refused", async () => {
  const bytes = await jpeg({});
  const decode = (file: Uint8Array, limits = LIMITS) => decodeCoded(file, "jpeg", limits);
  await rejects(() => decode(bytes.subarray(0, bytes.length - 500)), "corrupt", /photo\.jpg: JPEG cannot/);
  await rejects(() => decode(bytes.subarray(0, 100)), "truncated", /ends before its frame header/);
  await rejects(() => decode(bytes, { ...LIMITS, maxPixels: 77 * 53 - 1 }), "too-large", /77 x 53 pixels/);
  const cmyk = await jpeg({}, (image) => image.toColourspace("cmyk"));
  await rejects(() => decode(cmyk), "unsupported", /4 colours \(CMYK\)/);
  const arithmetic = bytes.slice();
  const frame = Buffer.from(bytes).indexOf(Buffer.from([0xff, 0xc0]));
  arithmetic[frame + 1] = 0xc9;
  await rejects(() => decode(arithmetic), "unsupported", /lossless or arithmetic/);
  await rejects(
    () => decodeCoded(bytes, "webp", LIMITS),
    "unsupported",
    /webp file, .* not read in a browser/,
  );
  await rejects(() => decodeTiff(bytes, LIMITS), "unsupported", /TIFF, .* not read in a browser/);
  assert.is((await decode(bytes)).samples.width, 77, "a decoder that failed harms no later image");
});

test("a header that no frame follows ends", () => {
  for (let length = 0; length < 40; length++) {
    const bytes = new Uint8Array(length).fill(0xff);
    if (length > 1) bytes[1] = 0xd8;
    let code = "";
    try {
      jpegHeader(bytes, LIMITS);
    } catch (error) {
      code = (error as { code: string }).code;
    }
    assert.is(code, "truncated", `${length} bytes`);
  }
});

const collect = async (parts: Uint8Array[]): Promise<number[]> => {
  const all: number[] = [];
  for await (const piece of inflated(parts, "part.png")) all.push(...piece);
  return all;
};

test("parts of a PNG's pixels are inflated; what is cut off or damaged is refused", async () => {
  const want = Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
  const packed = new Uint8Array(deflateSync(Uint8Array.from(want)));
  assert.equal(await collect([packed.subarray(0, 10), packed.subarray(10)]), want);
  const damaged = packed.slice();
  damaged[packed.length - 1] ^= 1;
  await rejects(() => collect([damaged]), "corrupt", /damaged or end early/);
  await rejects(() => collect([packed.subarray(0, 100)]), "corrupt", /damaged or end early/);
});

test("sha256 is that of FIPS 180-4, of bytes and of text", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.is(sha256().update("a").update(Uint8Array.of(98, 99)).hex(), abc);
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assert.is(sha256().hex(), empty);
});

test.run();
