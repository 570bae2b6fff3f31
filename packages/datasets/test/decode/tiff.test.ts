import sharp from "sharp";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { tagsOf } from "../../src/decode/tiff-tags.js";
import { UNPACK } from "../../src/decode/tiff-unpack.js";
import { decodeImage, decodeSamples, imageHeader } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { type Tiff, tiff } from "../support/tiff.js";

const [width, height] = [7, 5];
const ramp = (channels: number, step: number, from = 0) =>
  Array.from({ length: width * height * channels }, (_, i) => from + i * step);
const HALVES = Array.from(
  { length: 35 },
  (_, i) => [0, 1, -2, 65504, 0.333251953125, 2 ** -14, 2 ** -24][i % 7],
);

/** What a file holds, and what is read of it where that is not the same. */
const KINDS: [
  name: string,
  file: Omit<Tiff, "width" | "height">,
  want?: { mode?: string; top?: number; data?: number[] },
][] = [
  [
    "6 bits",
    { values: ramp(1, 1), bits: 6 },
    { data: ramp(1, 1).map((v) => Math.round((v * 255) / 63)), top: 255 },
  ],
  ["10 bits", { values: ramp(1, 30), bits: 10 }, { top: 1023 }],
  ["12 bits, big-endian", { values: ramp(1, 117), bits: 12, bigEndian: true }, { top: 4095 }],
  ["12-bit colours", { values: ramp(3, 39), bits: 12, channels: 3 }, { top: 4095 }],
  ["12-bit colours in planes", { values: ramp(3, 39), bits: 12, channels: 3, planar: true }],
  ["12 bits, deflated tiles", { values: ramp(1, 117), bits: 12, tile: 16, deflate: true }],
  [
    "12 bits from white",
    { values: ramp(1, 117), bits: 12, photometric: 0 },
    { data: ramp(1, -117, 4095), top: 4095 },
  ],
  ["signed 12 bits", { values: ramp(1, 100, -1700), bits: 12, kind: "int" }],
  ["14 bits", { values: ramp(1, 468), bits: 14 }, { top: 16383 }],
  [
    "signed 16 bits with a predictor",
    { values: ramp(1, 1800, -30000), bits: 16, kind: "int", predictor: 2, deflate: true },
  ],
  ["24 bits", { values: ramp(1, 400_000), bits: 24 }],
  [
    "24 bits with a predictor, big-endian",
    { values: ramp(3, 9999), bits: 24, channels: 3, predictor: 2, bigEndian: true },
  ],
  ["64 bits", { values: ramp(1, 65536), bits: 64 }],
  ["signed 64 bits", { values: ramp(1, 65536, -65536), bits: 64, kind: "int" }],
  ["half precision", { values: HALVES, bits: 16, kind: "float" }],
  ["half precision with a predictor", { values: HALVES, bits: 16, kind: "float", predictor: 3 }],
  ["double precision", { values: ramp(1, 0.25, -2), bits: 64, kind: "float" }],
  ["double precision, big-endian", { values: ramp(1, 0.25, -2), bits: 64, kind: "float", bigEndian: true }],
  [
    "double-precision colours with a predictor",
    { values: ramp(3, 1.5), bits: 64, kind: "float", channels: 3, predictor: 3, deflate: true },
  ],
  [
    "double precision with a predictor, big-endian",
    { values: ramp(1, 1.5), bits: 64, kind: "float", predictor: 3, bigEndian: true, tile: 16 },
  ],
  [
    "single precision with a predictor",
    { values: ramp(3, 0.5), bits: 32, kind: "float", channels: 3, predictor: 3, deflate: true },
  ],
  ["tiles of planes", { values: ramp(3, 2), channels: 3, planar: true, tile: 16 }, { top: 255 }],
  [
    "16-bit deflated tiles of planes",
    { values: ramp(3, 600), bits: 16, channels: 3, planar: true, tile: 16, deflate: true, predictor: 2 },
  ],
  [
    "floating-point tiles of planes in a BigTIFF",
    { values: ramp(3, 0.5), bits: 32, kind: "float", channels: 3, planar: true, tile: 16, big: true },
  ],
  ["gray and alpha", { values: ramp(2, 3), channels: 2 }, { mode: "LA" }],
  [
    "16-bit gray and alpha in planes",
    { values: ramp(2, 900), bits: 16, channels: 2, planar: true },
    { mode: "LA" },
  ],
  [
    "colours and two channels more",
    { values: ramp(5, 1), channels: 5 },
    { mode: "RGBA", data: ramp(5, 1).filter((_, i) => i % 5 < 4) },
  ],
  [
    "16-bit CMYK",
    {
      values: [255 * 257, 0, 0, 0, 0, 0, 0, 127 * 257].concat(ramp(4, 0).slice(8)),
      bits: 16,
      channels: 4,
      photometric: 5,
    },
    { mode: "RGB", data: [0, 255, 255, 128, 128, 128, ...Array(99).fill(255)] },
  ],
];

for (const [name, file, want = {}] of KINDS) {
  test(`a TIFF of ${name} is read`, async () => {
    const bytes = tiff({ width, height, ...file });
    const { data, mode, top } = await decodeSamples(bytes);
    assert.equal([...data], want.data ?? [...file.values].map(Math.fround));
    assert.is(mode, want.mode ?? (file.channels === 3 ? "RGB" : "L"));
    if (want.top) assert.is(top, want.top);
    const header = await imageHeader(bytes);
    assert.equal(
      [header.width, header.height, header.mode, header.depth],
      [width, height, mode, 8 * data.BYTES_PER_ELEMENT],
    );
  });
}

/** Files that are refused, and why. */
const REFUSED: [Partial<Tiff>, RegExp][] = [
  [{ compression: 34887 }, /TIFF of LERC compression/],
  [{ compression: 50000 }, /TIFF of Zstandard compression/],
  [{ compression: 34712 }, /TIFF of JPEG 2000 compression/],
  [{ compression: 6 }, /TIFF of old-style JPEG in pieces/],
  [{ photometric: 8, channels: 3 }, /TIFF of CIELab/],
  [{ photometric: 32803 }, /a camera's colour mosaic/],
  [{ format: 6, bits: 64 }, /TIFF of complex numbers/],
  [{ channels: 4, photometric: 1 }, /TIFF of 4 samples a pixel that are no colours/],
  [{ channels: 3, depths: [5, 6, 5] }, /different depths, 5, 6 bits/],
  [{ channels: 3, planar: true, tile: 16, compression: 7 }, /tiles of separate planes, compressed/],
  [{ bits: 12, predictor: 2 }, /12-bit samples with predictor 2/],
  [{ bits: 20 }, /TIFF of 20-bit samples/],
];

for (const [file, says] of REFUSED) {
  test(`a TIFF is refused by its cause: ${says.source}`, async () => {
    const bytes = tiff({ width: 2, height: 1, values: Array(8).fill(1), ...file });
    await rejects(() => decodeSamples(bytes), "unsupported", says);
  });
}

test("a TIFF whose tags name huge tiles or few parts is refused before it is read", async () => {
  const huge = tiff({ width: 2, height: 1, values: [1, 2], bits: 64, tile: 16 });
  const at = huge.indexOf(Buffer.from([322 & 255, 322 >> 8, 4, 0]));
  huge.writeUInt32LE(2 ** 31, at + 8);
  await rejects(() => decodeSamples(huge), "too-large", /2147483648 x 16/);
  const few = tiff({ width: 2, height: 9, values: ramp(1, 1), bits: 64 });
  few.writeUInt32LE(3, few.indexOf(Buffer.from([273 & 255, 273 >> 8, 4, 0])) + 4);
  await rejects(() => decodeSamples(few), "corrupt", /do not say where its pixels are/);
});

test("a JPEG that an old TIFF holds whole is read", async () => {
  const raw = { width: 8, height: 8, channels: 3 } as const;
  const jpeg = await sharp(
    Uint8Array.from({ length: 192 }, (_, i) => i),
    { raw },
  )
    .jpeg()
    .toBuffer();
  const head = tiff({ width: 8, height: 8, values: Array(64).fill(0), compression: 6 });
  const count = head.readUInt16LE(8);
  const last = 10 + 12 * (count - 2);
  // The last two tags become JPEGInterchangeFormat and its length.
  for (const [i, [tag, value]] of [
    [513, head.length],
    [514, jpeg.length],
  ].entries()) {
    head.writeUInt16LE(tag, last + 12 * i);
    head.writeUInt16LE(4, last + 12 * i + 2);
    head.writeUInt32LE(1, last + 12 * i + 4);
    head.writeUInt32LE(value, last + 12 * i + 8);
  }
  const image = await decodeImage(Buffer.concat([head, jpeg]));
  assert.equal(image, await decodeImage(jpeg));
  assert.is((await imageHeader(Buffer.concat([head, jpeg]))).format, "tiff");
});

for (const compression of ["lzw", "packbits"] as const) {
  test(`${compression} is unpacked as libtiff packs it`, async () => {
    const raw = { width: 61, height: 90, channels: 3 } as const;
    const pixels = Uint8Array.from({ length: 61 * 90 * 3 }, (_, i) => ((i * i) >> 9) & (i < 8000 ? 255 : 3));
    const file = await sharp(pixels, { raw }).tiff({ compression, predictor: "none" }).toBuffer();
    const { read } = tagsOf(file);
    const [offsets, sizes, number] = [read(273)!, read(279)!, read(259)![0]];
    const rows = read(278)![0];
    const parts = offsets.map((at, i) => {
      const size = 183 * Math.min(rows, 90 - i * rows);
      return UNPACK[number](file.subarray(at, at + sizes[i]), size, "a.tif");
    });
    assert.equal(new Uint8Array(Buffer.concat(parts)), pixels);
  });
}

test.run();
