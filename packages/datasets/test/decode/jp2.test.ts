import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeSamples, imageHeader } from "../../src/index.js";
import { rejects } from "../support/rejects.js";
import { jp2 } from "./jp2-files.js";

const [width, height] = [9, 6];
const drawn = (channels: number, top: number, less = 0) =>
  Array.from({ length: width * height * channels }, (_, i) => {
    const [c, p] = [i % channels, Math.floor(i / channels)];
    const value = 7 * (p % width) + 13 * Math.floor(p / width) + 31 * c;
    return (Math.floor((value * top) / 255) % (top + 1)) - less;
  });

const KINDS: [
  Parameters<typeof jp2>[0],
  mode: string,
  depth: number,
  top: number | undefined,
  want: number[],
][] = [
  ["gray.jp2", "L", 8, 255, drawn(1, 255)],
  ["gray1.j2k", "L", 8, 255, drawn(1, 1).map((value) => 255 * value)],
  ["gray12.j2k", "L", 16, 4095, drawn(1, 4095)],
  ["signed.j2k", "L", 32, undefined, drawn(1, 65535, 30000)],
  ["la.j2k", "LA", 8, 255, drawn(2, 255)],
  ["rgb16.jp2", "RGB", 16, 65535, drawn(3, 65535)],
  ["rgba.jp2", "RGBA", 8, 255, drawn(4, 255)],
  ["rgba16.j2k", "RGBA", 16, 65535, drawn(4, 65535)],
  ["tiles.j2k", "RGB", 8, 255, drawn(3, 255)],
  ["lossy.jp2", "RGB", 8, 255, Array.from({ length: width * height }, () => [199, 100, 51]).flat()],
];

for (const [name, mode, depth, top, want] of KINDS) {
  test(`${name} is read`, async () => {
    const image = await decodeSamples(jp2(name));
    assert.equal([image.width, image.height, image.mode, image.top], [width, height, mode, top]);
    assert.equal([...image.data], want);
    const header = await imageHeader(jp2(name));
    assert.equal(
      [header.format, header.width, header.height, header.mode, header.depth],
      ["jp2", width, height, mode, depth],
    );
  });
}

const box = (type: string, ...parts: (readonly number[] | Uint8Array)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
};

/** A file of a codestream of 8 bits, with boxes of ours in its header and around it. */
const file = (
  stream: Parameters<typeof jp2>[0],
  channels: number,
  space: number,
  inner: Buffer[],
  outer: Buffer[] = [],
) => {
  const all = jp2(stream);
  return Buffer.concat([
    box("jP  ", [0x0d, 0x0a, 0x87, 0x0a]),
    box("ftyp", Buffer.from("jp2 \0\0\0\0jp2 ")),
    ...outer,
    box(
      "jp2h",
      box("ihdr", [0, 0, 0, height, 0, 0, 0, width, 0, channels, 7, 7, 0, 0]),
      box("colr", [1, 0, 0, 0, 0, 0, space]),
      ...inner,
    ),
    box("jp2c", all.subarray(all.indexOf(Uint8Array.of(0xff, 0x4f, 0xff, 0x51)))),
  ]);
};

test("a palette's colours are those of its indices", async () => {
  const colours = Array.from({ length: 256 }, (_, i) => [i, 255 - i, i >> 1]);
  const inner = [
    box("pclr", [1, 0, 3, 7, 7, 7], colours.flat()),
    box("cmap", ...[0, 1, 2].map((i) => [0, 0, 1, i])),
  ];
  const bytes = file("gray.jp2", 1, 16, inner);
  const image = await decodeSamples(bytes);
  assert.is(image.mode, "RGB");
  assert.is((await imageHeader(bytes)).mode, "RGB");
  assert.equal(
    [...image.data],
    drawn(1, 255).flatMap((index) => colours[index]),
  );
});

test("channels stand where their definitions say", async () => {
  // Blue, green, red.
  const inner = [box("cdef", [0, 3], [0, 0, 0, 0, 0, 3], [0, 1, 0, 0, 0, 2], [0, 2, 0, 0, 0, 1])];
  const { data } = await decodeSamples(file("tiles.j2k", 3, 16, inner));
  const want = drawn(3, 255);
  assert.equal(
    [...data],
    want.map((_, i) => want[i - (i % 3) + 2 - (i % 3)]),
  );
});

test("EXIF turns a file where it is followed", async () => {
  const exif = Buffer.from(
    "JpgTiffExif->JP2MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
    "latin1",
  );
  const bytes = file("gray.jp2", 1, 17, [], [box("uuid", exif)]);
  assert.is((await decodeSamples(bytes)).width, width);
  assert.is((await decodeSamples(bytes, { orientation: "follow" })).width, height);
  assert.is((await imageHeader(bytes, { orientation: "follow" })).width, height);
});

test("a file that is not read is refused by its cause, before it is decoded", async () => {
  const refuse = (bytes: Buffer, code: string, says: RegExp) =>
    rejects(() => decodeSamples(bytes), code, says);
  await refuse(jp2("off.j2k"), "unsupported", /does not begin at 0, 0/);
  await refuse(file("rgba.jp2", 4, 12, []), "unsupported", /colour space CMYK/);
  await refuse(file("tiles.j2k", 3, 14, []), "unsupported", /colour space CIELab/);
  const huge = jp2("tiles.j2k");
  huge.writeUInt32BE(60_000, 8);
  huge.writeUInt32BE(60_000, 12);
  await refuse(huge, "too-large", /60000 x 60000 pixels of 12 bytes/);
  const deep = jp2("gray.jp2");
  deep[deep.indexOf(Uint8Array.of(0xff, 0x4f, 0xff, 0x51)) + 42] = 30;
  await refuse(deep, "unsupported", /31-bit samples/);
  const uneven = jp2("la.j2k");
  uneven[46] = 2;
  await refuse(uneven, "unsupported", /channels of different sizes/);
  const nonsense = jp2("tiles.j2k");
  nonsense[nonsense.indexOf(Uint8Array.of(0xff, 0x52)) + 9] = 60;
  await refuse(nonsense, "corrupt", /JPEG 2000 that cannot be decoded \(\w+/);
});

test.run();
