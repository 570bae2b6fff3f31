import { pooled } from "@inctrl/testing";
import sharp from "sharp";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeImage, decodeSamples, encodePng, imageHeader } from "../../src/index.js";
import { bmp } from "../support/bmp.js";
import { png } from "../support/png.js";
import { tiff } from "../support/tiff.js";
import { jp2 } from "./jp2-files.js";

const SIDE = 64;
const raw = { width: SIDE, height: SIDE, channels: 3 } as const;
const colours = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i * i * 31) >> 5);
const source = () => sharp(colours, { raw });
const values = [...colours];
const size = { width: SIDE, height: SIDE, values, channels: 3 } as const;
const deep = { width: SIDE, height: SIDE, values: values.slice(0, SIDE * SIDE).map((value) => 200 * value) };
const rows = Array.from({ length: SIDE }, (_, y) => values.slice(64 * y, 64 * y + 64));
const PALETTE = Array.from({ length: 256 }, (_, i) => [i, 255 - i, 0]);
const tiled = { tile: true, tileWidth: 16, tileHeight: 16 } as const;

/** A file of each container and compression. */
const FILES: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  png: async () => encodePng({ width: SIDE, height: SIDE, data: colours }),
  "interlaced png": () => source().png({ progressive: true }).toBuffer(),
  "palette png": () => source().png({ palette: true }).toBuffer(),
  "16-bit png": async () =>
    png(
      { width: 8, height: 64, depth: 16, colour: 2 },
      Uint8Array.from({ length: 49 * 64 }, (_, i) => (i % 49 ? i * i : 0)),
    ),
  jpeg: () => source().jpeg().toBuffer(),
  "progressive jpeg": () => source().jpeg({ progressive: true }).toBuffer(),
  "gray jpeg": () => source().toColourspace("b-w").jpeg().toBuffer(),
  "cmyk jpeg": () => source().toColourspace("cmyk").jpeg().toBuffer(),
  webp: () => source().webp().toBuffer(),
  "lossless webp": () => source().webp({ lossless: true }).toBuffer(),
  gif: () => source().gif().toBuffer(),
  "interlaced gif": () => source().gif({ progressive: true }).toBuffer(),
  bmp: async () => bmp({ width: SIDE, height: SIDE, bits: 8, rows, palette: PALETTE }),
  "rle bmp": async () =>
    bmp({
      width: SIDE,
      height: SIDE,
      bits: 8,
      palette: PALETTE,
      compression: 1,
      rows: [rows.flatMap((row) => [...row.flatMap((value) => [1, value]), 0, 0])],
    }),
  "ascii pnm": async () => Buffer.from(`P3 ${SIDE} ${SIDE} 255\n${values.join(" ")}`),
  "binary pnm": async () => Buffer.concat([Buffer.from(`P6 ${SIDE} ${SIDE} 255\n`), colours]),
  "16-bit pnm": async () =>
    Buffer.concat([Buffer.from("P5 96 64 4095\n"), colours.map((v, i) => (i % 2 ? v : v & 15))]),
  pam: async () =>
    Buffer.concat([
      Buffer.from(`P7\nWIDTH ${SIDE}\nHEIGHT ${SIDE}\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n`),
      colours,
    ]),
  pfm: async () => Buffer.concat([Buffer.from("Pf 32 32 -1\n"), new Uint8Array(4096)]),
  tiff: async () => tiff(size),
  "tiff of tiles": async () => tiff({ ...size, tile: 16 }),
  "tiff of planes": async () => tiff({ ...size, planar: true }),
  "deflated tiff": async () => tiff({ ...size, deflate: true }),
  "deflated tiff of tiles": async () => tiff({ ...size, deflate: true, tile: 16 }),
  "bigtiff of tiles": async () => tiff({ ...size, big: true, tile: 16 }),
  "16-bit tiff": async () => tiff({ ...deep, bits: 16 }),
  "float tiff of tiles": async () => tiff({ ...deep, bits: 32, kind: "float", tile: 16 }),
  "12-bit tiff": async () => tiff({ ...deep, values: deep.values.map((value) => value % 4096), bits: 12 }),
  "deflated double-precision tiff of tiles": async () =>
    tiff({ ...deep, bits: 64, kind: "float", tile: 16, deflate: true }),
  "tiff of tiles of planes": async () => tiff({ ...size, planar: true, tile: 16 }),
  jp2: async () => jp2("rgba.jp2"),
  "j2k of tiles": async () => jp2("tiles.j2k"),
  ...Object.fromEntries(
    (["lzw", "packbits", "jpeg", "webp", "deflate"] as const).flatMap((compression) => [
      [`${compression} tiff`, () => source().tiff({ compression }).toBuffer()],
      [
        `${compression} tiff of tiles`,
        () =>
          source()
            .tiff({ compression, ...tiled })
            .toBuffer(),
      ],
    ]),
  ),
};

const outcome = (bytes: Uint8Array): Promise<string> =>
  decodeImage(bytes, { window: undefined }).then(
    () => "opened",
    (error) => error.code ?? String(error),
  );

const refused = (code: string): boolean => ["truncated", "corrupt", "empty", "not-an-image"].includes(code);

for (const [name, make] of Object.entries(FILES)) {
  test(`a ${name} in a larger buffer is read by its own bytes`, async () => {
    const whole = await make();
    for (const offset of [1, 24]) {
      const file = pooled(whole, offset);
      assert.equal(await decodeSamples(file), await decodeSamples(whole));
      assert.equal(await imageHeader(file), await imageHeader(whole));
    }
  });

  test(`a cut ${name} is refused at every place`, async () => {
    const whole = await make();
    const code = await outcome(whole);
    assert.ok(code === "opened" || code === "depth", `the whole ${name}: ${code}`);
    for (const share of [0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97]) {
      const length = Math.floor(share * whole.length);
      const found = await outcome(whole.subarray(0, length));
      assert.ok(refused(found), `${length} of ${whole.length} bytes: ${found}`);
    }
  });
}

/** Compressions whose own sums or codes tell damage. Others hold any bytes. */
const CHECKED = [
  "png",
  "interlaced png",
  "deflated tiff",
  "deflated tiff of tiles",
  "deflated double-precision tiff of tiles",
  "lzw tiff",
  "lzw tiff of tiles",
];

for (const name of CHECKED) {
  test(`a damaged ${name} is refused`, async () => {
    const damaged = Buffer.from(await FILES[name]());
    const from = Math.floor(0.5 * damaged.length);
    for (let i = from; i < from + damaged.length / 20; i++) damaged[i] ^= 0xa5;
    assert.is(await outcome(damaged), "corrupt");
  });
}

test.run();
