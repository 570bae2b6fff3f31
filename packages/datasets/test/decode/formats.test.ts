import sharp from "sharp";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeImage, decodeSamples, imageHeader, toRGB } from "../../src/index.js";
import { bmp } from "../support/bmp.js";
import { chunk, png } from "../support/png.js";
import { rejects } from "../support/rejects.js";
import { type Tiff, tiff } from "../support/tiff.js";

const text = (header: string, ...bytes: number[]) => Buffer.concat([Buffer.from(header), Buffer.from(bytes)]);
const floats = (header: string, values: number[], bigEndian = false) => {
  const body = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) {
    if (bigEndian) body.writeFloatBE(value, 4 * i);
    else body.writeFloatLE(value, 4 * i);
  }
  return Buffer.concat([Buffer.from(header), body]);
};

/** A PAM of one row. @param width default as many pixels as there are bytes. */
const pam = (type: string, depth: number, top: number, bytes: number[], width = bytes.length) => {
  const named = type === "" ? "" : `TUPLTYPE ${type}\n`;
  return text(`P7\nWIDTH ${width}\nHEIGHT 1\nDEPTH ${depth}\nMAXVAL ${top}\n${named}ENDHDR\n`, ...bytes);
};

const u8 = (...values: number[]) => Uint8Array.from(values);
const u16 = (...values: number[]) => Uint16Array.from(values);
const f32 = (...values: number[]) => Float32Array.from(values);

/** Name, file, mode, and the samples that it holds; stretched values of maxval below 255 are Pillow's. */
const NETPBM: [string, Buffer, string, Uint8Array | Uint16Array | Float32Array][] = [
  ["P1", text("P1\n# bits without spaces\n3 2\n101 0\n1 1"), "1", u8(0, 255, 0, 255, 0, 0)],
  ["P2", text("P2 3 1 255 0 7 255"), "L", u8(0, 7, 255)],
  ["P2 of 4 bits", text("P2\n3 1\n#c\n15\n0 7\n15\n"), "L", u8(0, 119, 255)],
  ["P2 of 12 bits", text("P2 2 1 4095 7 4095"), "L", u16(7, 4095)],
  ["P2 of ties", text("P2 4 1 34 1 3 5 34"), "L", u8(8, 22, 38, 255)],
  ["P3", text("P3 1 2 255 1 2 3 4 5 6"), "RGB", u8(1, 2, 3, 4, 5, 6)],
  [
    "P4",
    text("P4 10 2\n", 0b10110000, 0b01000000, 0, 0b11000000),
    "1",
    u8(...[0, 255, 0, 0, 255, 255, 255, 255, 255, 0], ...[255, 255, 255, 255, 255, 255, 255, 255, 0, 0]),
  ],
  ["P5", text("P5 2 1 255\n", 10, 32), "L", u8(10, 32)],
  ["P5 of 1 bit", text("P5 2 1 1\n", 1, 0), "L", u8(255, 0)],
  ["P5 of 10 bits", text("P5\n2 1\n1023\n", 3, 255, 0, 1), "L", u16(1023, 1)],
  ["P6", text("P6 1 1 255\n", 1, 2, 3), "RGB", u8(1, 2, 3)],
  ["P6 of 16 bits", text("P6 1 1 65535\n", 1, 2, 3, 4, 255, 255), "RGB", u16(0x102, 0x304, 65535)],
  ["P7 of two values", pam("BLACKANDWHITE", 1, 1, [0, 1, 1, 0]), "1", u8(0, 255, 255, 0)],
  ["P7 of two values and alpha", pam("BLACKANDWHITE_ALPHA", 2, 1, [0, 1, 1, 0], 2), "LA", u8(0, 255, 255, 0)],
  ["P7 in gray", pam("GRAYSCALE", 1, 255, [1, 2, 3, 4]), "L", u8(1, 2, 3, 4)],
  ["P7 of 4 bits", pam("GRAYSCALE", 1, 15, [0, 7, 15, 1]), "L", u8(0, 119, 255, 17)],
  ["P7 in gray with alpha", pam("GRAYSCALE_ALPHA", 2, 255, [1, 2, 3, 4], 2), "LA", u8(1, 2, 3, 4)],
  ["P7 in colour", pam("RGB", 3, 255, [1, 2, 3, 4, 5, 6], 2), "RGB", u8(1, 2, 3, 4, 5, 6)],
  [
    "P7 of 12 bits with alpha",
    pam("RGB_ALPHA", 4, 4095, [0, 1, 1, 0, 15, 255, 0, 9], 1),
    "RGBA",
    u16(1, 256, 4095, 9),
  ],
  ["P7 without a kind", pam("", 4, 255, [1, 2, 3, 4], 1), "RGBA", u8(1, 2, 3, 4)],
  [
    "P7 with its fields in another order, a comment and an empty line",
    text(
      "P7\n# a\nMAXVAL 65535\nDEPTH 1\n\n HEIGHT\t1 \nWIDTH 2\nTUPLTYPE GRAYSCALE\nENDHDR\n",
      ...[1, 2, 10, 10],
    ),
    "L",
    u16(0x102, 0x0a0a),
  ],
  ["Pf from the bottom", floats("Pf\n2 2\n-1.0\n", [1, 2, 3.5, -4]), "L", f32(3.5, -4, 1, 2)],
  ["PF", floats("PF 1 1 1.0\n", [1, 2, 3], true), "RGB", f32(1, 2, 3)],
];

for (const [name, file, mode, want] of NETPBM) {
  test(`${name} is read by its samples`, async () => {
    const image = await decodeSamples(file);
    assert.is(image.mode, mode);
    assert.equal(image.data, want);
    assert.is((await imageHeader(file)).depth, 8 * want.BYTES_PER_ELEMENT);
  });
}

test("a Netpbm file that is damaged or says nonsense is refused", async () => {
  const refuse = (file: Buffer, code: string, says: RegExp) => rejects(() => decodeImage(file), code, says);
  await refuse(text("P5 2 2 255\n", 1, 2, 3), "truncated", /lacks some of its 4 bytes/);
  await refuse(text("P2 2 2 255 1 2 3"), "truncated", /ends early/);
  await refuse(text("P2 1 1 9 10"), "corrupt", /10 above the largest, 9/);
  await refuse(text("P2 1 1 255 x"), "corrupt", /value "x"/);
  await refuse(text("P5 1 1 70000\n", 1, 2), "corrupt", /largest value "70000"/);
  await refuse(text("P5 0 1 255\n", 1), "corrupt", /width "0"/);
  await refuse(text("P5 99999 99999 255\n", 1), "too-large", /99999 x 99999/);
  await refuse(floats("Pf 1 1 -1\n", [Number.NaN]), "corrupt", /not all finite/);
  await refuse(text("P7\nWIDTH 1\n"), "truncated", /PAM file that ends in its header/);
  await refuse(text("P7\nENDHDR\n"), "corrupt", /PAM WIDTH "", not 1 to/);
  await refuse(pam("RGB", 3, 255, [1, 2, 3, 4, 5], 2), "truncated", /lacks some of its 6 bytes/);
  await refuse(pam("GRAYSCALE", 1, 9, [10]), "corrupt", /10 above the largest, 9/);
  await refuse(pam("GRAYSCALE", 1, 65536, [1, 2], 1), "corrupt", /MAXVAL "65536", not 1 to 65535/);
  await refuse(pam("RGB", 4, 255, [1, 2, 3, 4], 1), "corrupt", /RGB with 4 samples a pixel, not 3/);
  await refuse(pam("BLACKANDWHITE", 1, 255, [1]), "corrupt", /largest value of 255, not 1/);
  await refuse(pam("CMYK", 4, 255, [1, 2, 3, 4], 1), "unsupported", /pixels of the kind "CMYK"/);
  await refuse(pam("__proto__", 1, 255, [1]), "unsupported", /pixels of the kind "__proto__"/);
  await refuse(pam("", 5, 255, [1, 2, 3, 4, 5], 1), "unsupported", /5 samples a pixel/);
  await refuse(pam("GRAYSCALE", 1, 255, [1], 1e9), "too-large", /1000000000 x 1/);
  await refuse(pam("RGB\nWIDTH 2", 3, 255, [1, 2, 3], 1), "corrupt", /a second line "WIDTH"/);
  await refuse(pam("RGB\nSIZE 2", 3, 255, [1, 2, 3], 1), "corrupt", /an unknown line "SIZE"/);
  await refuse(pam("RGB\nTUPLTYPE A", 3, 255, [1, 2, 3], 1), "unsupported", /kind "RGB A"/);
  await refuse(text(`P7\n${"#".repeat(5000)}`), "corrupt", /does not end in 4096 bytes/);
});

const ramp = (count: number, step: number, from = 0) =>
  Array.from({ length: count }, (_, i) => from + i * step);
const [WIDTH, HEIGHT] = [7, 5];
const gray = (step: number, from?: number) => ramp(WIDTH * HEIGHT, step, from);
const rgb = (step: number, from?: number) => ramp(3 * WIDTH * HEIGHT, step, from);

const TIFFS: [string, Omit<Tiff, "width" | "height">, string][] = [
  ["8 bits, big-endian", { values: gray(7), bigEndian: true }, "Uint8Array"],
  ["8 bits, planes apart", { values: rgb(2), channels: 3, planar: true }, "Uint8Array"],
  ["8 bits, deflated tiles", { values: rgb(2), channels: 3, tile: 16, deflate: true }, "Uint8Array"],
  ["16 bits", { values: gray(1800), bits: 16 }, "Uint16Array"],
  ["16 bits, colours in planes", { values: rgb(600), channels: 3, bits: 16, planar: true }, "Uint16Array"],
  [
    "BigTIFF of 16 bits, big-endian",
    { values: gray(1800), bits: 16, big: true, bigEndian: true },
    "Uint16Array",
  ],
  ["BigTIFF of 8-bit colours", { values: rgb(2), channels: 3, big: true }, "Uint8Array"],
  ["signed 8 bits", { values: gray(7, -120), kind: "int" }, "Float32Array"],
  ["signed 16 bits", { values: gray(1800, -30000), bits: 16, kind: "int" }, "Float32Array"],
  [
    "signed 16 bits, big-endian",
    { values: gray(1800, -30000), bits: 16, kind: "int", bigEndian: true },
    "Float32Array",
  ],
  ["signed 32 bits", { values: gray(1800, -30000), bits: 32, kind: "int" }, "Float32Array"],
  ["unsigned 32 bits", { values: gray(100_000), bits: 32 }, "Float32Array"],
  ["floating point", { values: gray(0.25, -2), bits: 32, kind: "float" }, "Float32Array"],
  ["floating-point colours", { values: rgb(7.5, 300), channels: 3, bits: 32, kind: "float" }, "Float32Array"],
  [
    "BigTIFF of floating-point tiles",
    { values: gray(1.5), bits: 32, kind: "float", big: true, tile: 16 },
    "Float32Array",
  ],
];

for (const [name, image, type] of TIFFS) {
  test(`a TIFF of ${name} keeps its samples`, async () => {
    const { data, ...size } = await decodeSamples(tiff({ width: WIDTH, height: HEIGHT, ...image }));
    assert.equal([size.width, size.height, data.constructor.name], [WIDTH, HEIGHT, type]);
    assert.equal([...data], [...image.values]);
  });
}

test("a TIFF of samples that are not finite is refused", async () => {
  const holes = tiff({ width: 1, height: 2, values: [1, Number.NaN], bits: 32, kind: "float" });
  await rejects(() => decodeSamples(holes), "corrupt", /not all finite/);
});

test("GIF: every pixel takes its palette's colour, transparent ones and those outside the frame too", async () => {
  const palette = [200, 10, 20, 1, 2, 3, 7, 8, 9, 60, 50, 40];
  // 3 x 2 pixels on a screen of 4 x 2.
  const screen = [4, 0, 2, 0, 0x81, 0, 0];
  const transparent = [0x21, 0xf9, 4, 1, 0, 0, 2, 0];
  const codes = [4, 0, 1, 2, 3, 1, 2, 5];
  const file = text(
    "GIF89a",
    ...screen,
    ...palette,
    ...transparent,
    0x2c,
    1,
    0,
    0,
    0,
    3,
    0,
    2,
    0,
    0,
    ...lzw(codes),
    0x3b,
  );
  const { mode, data } = await decodeImage(file);
  assert.is(mode, "RGB");
  const [a, b, c, d] = [0, 3, 6, 9].map((at) => palette.slice(at, at + 3));
  assert.equal([...data], [c, a, b, c, c, d, b, c].flat());
});

/** Codes of 2-bit colours as a GIF holds them, each followed by no clear code. */
function lzw(codes: readonly number[]): number[] {
  let [bits, held, size, next] = [0n, 0n, 3n, 5];
  for (const code of codes) {
    bits |= BigInt(code) << held;
    held += size;
    if (code !== 4 && ++next >= 1 << Number(size)) size++;
  }
  const bytes: number[] = [];
  for (let at = 0n; at < held; at += 8n) bytes.push(Number((bits >> at) & 255n));
  return [2, bytes.length, ...bytes, 0];
}

test("GIF: long runs, interlacing and many colours agree with sharp", async () => {
  for (const progressive of [false, true]) {
    const [width, height] = [61, 47];
    const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (Math.floor(i / 9) * 29) % 251);
    const raw = { width, height, channels: 3 } as const;
    const file = await sharp(data, { raw }).gif({ dither: 0, effort: 1, progressive }).toBuffer();
    const want = await sharp(file).removeAlpha().raw().toBuffer();
    assert.equal((await decodeImage(file)).data, new Uint8Array(want), `progressive ${progressive}`);
  }
});

const COLOURS = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];

/** Run-length coded rows, the lowest first, and the indices they mean. */
const RUNS: [string, number, number[], number[]][] = [
  ["RLE8", 8, [3, 1, 0, 0, 0, 3, 1, 2, 0, 0, 0, 1], [1, 2, 0, 1, 1, 1]],
  ["RLE8 without an end", 8, [3, 1, 0, 0, 3, 2, 0, 0], [2, 2, 2, 1, 1, 1]],
  ["RLE8 with a jump", 8, [0, 2, 1, 1, 2, 2, 0, 1], [0, 2, 2, 0, 0, 0]],
  ["RLE8 beyond the edge", 8, [9, 1, 0, 0, 3, 2, 0, 1], [2, 2, 2, 1, 1, 1]],
  ["RLE4", 4, [3, 0x12, 0, 0, 0, 3, 0x21, 0x10, 0, 1], [2, 1, 1, 1, 2, 1]],
];

for (const [name, bits, runs, want] of RUNS) {
  test(`a BMP of ${name} is unpacked`, async () => {
    const file = bmp({
      width: 3,
      height: 2,
      bits,
      rows: [runs],
      palette: COLOURS,
      compression: bits === 8 ? 1 : 2,
    });
    const image = await decodeImage(file);
    assert.is(image.mode, "P");
    assert.equal([...image.data], want);
  });
}

test("a window shows integers in 256 equal steps, floating point by rounding, and leaves alpha alone", async () => {
  const shown = async (file: Buffer, depth: 8 | 16 | 32, low: number, high: number) => [
    ...(await decodeImage(file, { window: { depth, low, high } })).data,
  ];
  assert.equal(await shown(text("P2 4 1 4095 0 15 16 4095"), 16, 0, 4095), [0, 0, 1, 255]);
  assert.equal(await shown(text("P2 5 1 65535 99 100 227 355 400"), 16, 100, 355), [0, 0, 127, 255, 255]);
  assert.equal(await shown(text("P2 3 1 255 9 10 19"), 8, 10, 19), [0, 0, 230]);
  assert.equal(await shown(floats("Pf 4 1 -1\n", [-1, 0, 0.5, 2]), 32, 0, 1), [0, 0, 128, 255]);
  const alpha = Uint8Array.of(0, ...[0x0f, 0xff], ...[0x12, 0x34], ...[0, 255], ...[0, 255]);
  assert.equal(
    await shown(png({ width: 2, height: 1, depth: 16, colour: 4 }, alpha), 16, 0, 4095),
    [255, 0x12, 15, 0],
  );
  const palette = chunk("PLTE", Uint8Array.of(10, 20, 30));
  const indexed = png({ width: 1, height: 1, depth: 8, colour: 3 }, Uint8Array.of(0, 0), [palette]);
  const image = await decodeImage(indexed, { window: { depth: 8, low: 10, high: 29 } });
  assert.equal([...toRGB(image).data], [0, 128, 255]);
});

test("an image of another depth than its window is refused, and so is one without a full range", async () => {
  const window = { depth: 16, low: 0, high: 4095 } as const;
  await rejects(
    () => decodeImage(text("P2 1 1 255 9"), { window, label: "a.pgm" }),
    "depth",
    /^a\.pgm: .*8 bits.*16 bits/,
  );
  await rejects(() => decodeImage(floats("Pf 1 1 -1\n", [1])), "depth", /no full range/);
  assert.equal([...(await decodeImage(text("P2 2 1 4095 16 4095"), { window: "full" })).data], [1, 255]);
});

test.run();
