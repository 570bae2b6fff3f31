import { randomBytes } from "node:crypto";
import { PNG } from "pngjs";
import sharp from "sharp";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { crc32 } from "../../src/decode/png.js";
import { decodeImage, decodeSamples, encodePng, imageHeader, toRGB } from "../../src/index.js";
import { chunk, ihdr, png, SIGNATURE } from "../support/png.js";
import { rejects } from "../support/rejects.js";

const EMPTY = new Uint8Array(0);

test("crc32 gives the check value of the standard", () => {
  assert.is(crc32(Buffer.from("123456789"), 0, 9), 0xcbf43926);
});

test("bits of gray are stretched to 0..255, and 1 bit is its own mode", async () => {
  const one = await decodeImage(
    png({ width: 3, height: 1, depth: 1, colour: 0 }, new Uint8Array([0, 0b10100000])),
  );
  assert.is(one.mode, "1");
  assert.equal([...one.data], [255, 0, 255]);
  const two = await decodeImage(
    png({ width: 4, height: 1, depth: 2, colour: 0 }, new Uint8Array([0, 0b00011011])),
  );
  assert.is(two.mode, "L");
  assert.equal([...two.data], [0, 85, 170, 255]);
  const four = await decodeImage(
    png({ width: 2, height: 1, depth: 4, colour: 0 }, new Uint8Array([0, 0x3f])),
  );
  assert.equal([...four.data], [51, 255]);
});

test("16 bits are kept, and show their high byte by default", async () => {
  const raw = new Uint8Array([0, 1, 255, 128, 0, 255, 7]);
  const bytes = png({ width: 1, height: 1, depth: 16, colour: 2 }, raw);
  const { mode, data } = await decodeImage(bytes);
  assert.is(mode, "RGB");
  assert.equal([...data], [1, 128, 255]);
  assert.equal((await decodeSamples(bytes)).data, Uint16Array.of(0x1ff, 0x8000, 0xff07));
});

test("a palette keeps its indices, and an index past its end is black", async () => {
  const palette = chunk("PLTE", new Uint8Array([1, 2, 3, 4, 5, 6]));
  const transparency = chunk("tRNS", new Uint8Array([0]));
  const raw = new Uint8Array([0, 0b00011000]);
  const bytes = png({ width: 3, height: 1, depth: 2, colour: 3 }, raw, [palette, transparency]);
  const image = await decodeImage(bytes);
  assert.is(image.mode, "P");
  assert.equal([...image.data], [0, 1, 2]);
  assert.equal([...toRGB(image).data], [1, 2, 3, 4, 5, 6, 0, 0, 0]);
});

test("a tRNS colour leaves the pixels as they are", async () => {
  const transparency = chunk("tRNS", new Uint8Array([0, 9]));
  const bytes = png({ width: 2, height: 1, depth: 8, colour: 0 }, new Uint8Array([0, 9, 8]), [transparency]);
  assert.equal([...(await decodeImage(bytes)).data], [9, 8]);
});

test("every row filter of every kind agrees with pngjs, at odd sizes", async () => {
  for (const [colorType, samples] of [
    [0, 1],
    [2, 3],
    [6, 4],
  ] as const) {
    for (const filterType of [0, 1, 2, 3, 4]) {
      const [width, height] = [13, 7];
      const data = new Uint8Array(randomBytes(width * height * samples));
      const image = new PNG({ width, height });
      image.data = Buffer.from(data);
      const inputHasAlpha = samples === 4;
      const bytes = PNG.sync.write(image, {
        colorType,
        inputColorType: colorType,
        inputHasAlpha,
        filterType,
      });
      assert.equal((await decodeImage(bytes)).data, data, `colour ${colorType}, filter ${filterType}`);
    }
  }
});

test("interlaced files of 1 x 1 to 17 x 19 agree with the plain ones", async () => {
  for (const [width, height] of [
    [1, 1],
    [2, 3],
    [5, 1],
    [1, 9],
    [8, 8],
    [17, 19],
  ] as const) {
    const data = new Uint8Array(randomBytes(width * height * 3));
    const raw = { width, height, channels: 3 } as const;
    const bytes = await sharp(data, { raw }).png({ progressive: true }).toBuffer();
    assert.is(bytes[28], 1, "not interlaced: the test checks nothing");
    assert.equal((await decodeImage(bytes)).data, data, `${width} x ${height}`);
  }
});

test("interlaced palettes of few bits are placed pixel by pixel", async () => {
  const data = Uint8Array.from({ length: 11 * 6 * 3 }, (_, i) => (Math.floor(i / 3) % 3) * 120);
  const raw = { width: 11, height: 6, channels: 3 } as const;
  const bytes = await sharp(data, { raw })
    .png({ progressive: true, palette: true, colours: 4, dither: 0 })
    .toBuffer();
  const image = await decodeImage(bytes);
  assert.is(image.mode, "P");
  assert.equal(toRGB(image).data, data);
});

test("what encodePng writes reads back the same; a wrong length is refused", async () => {
  for (const samples of [1, 3, 4]) {
    const data = new Uint8Array(randomBytes(6 * 5 * samples));
    const image = await decodeImage(encodePng({ width: 6, height: 5, data }));
    assert.equal(image.data, data);
    assert.is(image.mode, [undefined, "L", undefined, "RGB", "RGBA"][samples]);
  }
  await rejects(() => encodePng({ width: 2, height: 2, data: new Uint8Array(7) }), "bad-argument", /7 bytes/);
});

test("a huge declared size is refused from the header, before any allocation", async () => {
  const bytes = png({ width: 2 ** 31 - 1, height: 2 ** 31 - 1, depth: 16, colour: 6 }, new Uint8Array(9));
  await rejects(
    () => decodeImage(bytes),
    "too-large",
    /2147483647 x 2147483647 pixels of 8 bytes.*limit of 50000000/,
  );
  await rejects(() => imageHeader(bytes), "too-large", /limit/);
  const small = png({ width: 3, height: 3, depth: 8, colour: 0 }, new Uint8Array(12));
  await rejects(
    () => decodeImage(small, { maxPixels: 8, label: "a.png" }),
    "too-large",
    /^a\.png: .*limit of 8/,
  );
  await decodeImage(small, { maxPixels: 9 });
});

test("image data that inflate to more than declared are refused, interlaced or not", async () => {
  const bomb = new Uint8Array(50_000_000);
  for (const interlace of [0, 1]) {
    const bytes = png({ width: 4, height: 4, depth: 8, colour: 0, interlace }, bomb);
    const before = process.memoryUsage().arrayBuffers;
    await rejects(() => decodeImage(bytes), "corrupt", /inflates to more than/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 10_000_000, "the bomb went off");
  }
});

test("cut off, damaged and inconsistent files are refused by name", async () => {
  const header = { width: 4, height: 4, depth: 8, colour: 0 };
  const good = png(header, new Uint8Array(20));
  await decodeImage(good);
  for (let length = 0; length < good.length - 12; length++) {
    let refused = false;
    await decodeImage(good.subarray(0, length)).catch(() => {
      refused = true;
    });
    assert.ok(refused, `accepted with ${length} of ${good.length} bytes`);
  }
  await rejects(() => decodeImage(good.subarray(0, 20)), "truncated", /only 20 bytes/);
  await rejects(() => decodeImage(good.subarray(0, 40)), "truncated", /without image data/);
  await rejects(() => decodeImage(good.subarray(0, 50)), "truncated", /inside its IDAT/);
  await rejects(() => decodeImage(png(header, new Uint8Array(19))), "truncated", /19 bytes of pixels/);
  await rejects(
    () => decodeImage(png({ ...header, width: 0 }, new Uint8Array(20))),
    "corrupt",
    /0 x 4 pixels/,
  );
  await rejects(() => decodeImage(png({ ...header, depth: 3 }, new Uint8Array(20))), "corrupt", /not valid/);
  await rejects(() => decodeImage(png({ ...header, colour: 9 }, new Uint8Array(20))), "corrupt", /type 9/);
  await rejects(
    () => decodeImage(png({ ...header, colour: 3 }, new Uint8Array(20))),
    "corrupt",
    /without a palette/,
  );
  await rejects(() => decodeImage(png(header, new Uint8Array(20).fill(9))), "corrupt", /row filter/);
  const tooLong = chunk("PLTE", new Uint8Array(771));
  await rejects(() => decodeImage(png(header, new Uint8Array(20), [tooLong])), "corrupt", /palette of 771/);
  const unknown = chunk("WXYZ", EMPTY);
  await rejects(() => decodeImage(png(header, new Uint8Array(20), [unknown])), "unsupported", /WXYZ/);

  const flipped = Buffer.from(good);
  flipped[29] ^= 1;
  await rejects(() => decodeImage(flipped), "corrupt", /checksum/);
  const damaged = Buffer.concat([SIGNATURE, ihdr(header), chunk("IDAT", randomBytes(40))]);
  await rejects(() => decodeImage(damaged), "corrupt", /damaged|row filter/);
});

test.run();
