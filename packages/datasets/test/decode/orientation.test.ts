import sharp from "sharp";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { upright } from "../../src/decode/orientation.js";
import { decodeImage, imageHeader } from "../../src/index.js";
import { chunk, ihdr, png, SIGNATURE } from "../support/png.js";
import { tiff } from "../support/tiff.js";

/** Letters as they are to be seen, and as each orientation stores them (TIFF 6.0, tag 274). */
const SEEN = ["abc", "def"];
const STORED: readonly (readonly [orientation: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8, rows: readonly string[]])[] = [
  [1, ["abc", "def"]],
  [2, ["cba", "fed"]],
  [3, ["fed", "cba"]],
  [4, ["def", "abc"]],
  [5, ["ad", "be", "cf"]],
  [6, ["cf", "be", "ad"]],
  [7, ["fc", "eb", "da"]],
  [8, ["da", "eb", "fc"]],
];

const codes = (rows: readonly string[]) => [...rows.join("")].map((letter) => letter.charCodeAt(0));

for (const [orientation, rows] of STORED) {
  test(`orientation ${orientation} is undone`, () => {
    const [width, height] = [rows[0].length, rows.length];
    const gray = upright({ width, height, mode: "L", data: Uint8Array.from(codes(rows)) }, orientation);
    assert.equal([gray.width, gray.height, [...gray.data]], [3, 2, codes(SEEN)]);
    const colours = codes(rows).flatMap((code) => [code, 2 * code, 3 * code]);
    const rgb = upright({ width, height, mode: "RGB", data: Uint16Array.from(colours) }, orientation);
    assert.equal(
      [...rgb.data],
      codes(SEEN).flatMap((code) => [code, 2 * code, 3 * code]),
    );
  });
}

/** An EXIF block that holds an orientation alone. */
function exif(orientation: number, bigEndian = false): Buffer {
  const out = Buffer.alloc(26);
  out.write(bigEndian ? "MM\0*" : "II*\0", "latin1");
  const put = (value: number, size: number, at: number) =>
    bigEndian ? out.writeUIntBE(value, at, size) : out.writeUIntLE(value, at, size);
  put(8, 4, 4);
  put(1, 2, 8);
  put(274, 2, 10);
  put(3, 2, 12);
  put(1, 4, 14);
  put(orientation, 2, 18);
  return out;
}

const PIXELS = { width: 3, height: 2, depth: 8, colour: 0 };
const ROWS = Uint8Array.of(0, 1, 2, 3, 0, 4, 5, 6);

/** Name, file, and how its first row looks where the orientation is followed and where it is not. */
const PNGS: readonly (readonly [string, Buffer, followed: number[], ignored: number[]])[] = [
  ["before the pixels", png(PIXELS, ROWS, [chunk("eXIf", exif(6))]), [4, 1], [1, 2, 3]],
  ["big-endian", png(PIXELS, ROWS, [chunk("eXIf", exif(8, true))]), [3, 6], [1, 2, 3]],
  [
    "with JPEG's prefix",
    png(PIXELS, ROWS, [chunk("eXIf", Buffer.concat([Buffer.from("Exif\0\0"), exif(3)]))]),
    [6, 5, 4],
    [1, 2, 3],
  ],
  ["without sense", png(PIXELS, ROWS, [chunk("eXIf", exif(9))]), [1, 2, 3], [1, 2, 3]],
  ["cut off", png(PIXELS, ROWS, [chunk("eXIf", exif(6).subarray(0, 15))]), [1, 2, 3], [1, 2, 3]],
];

for (const [name, file, followed, ignored] of PNGS) {
  test(`PNG: an eXIf chunk ${name} counts where it is followed`, async () => {
    const first = async (orientation?: "follow" | "ignore") => {
      const { data, width, height } = await decodeImage(file, { orientation });
      const header = await imageHeader(file, { orientation });
      assert.equal([header.width, header.height], [width, height]);
      return [...data.subarray(0, width)];
    };
    assert.equal(await first("follow"), followed);
    assert.equal(await first("ignore"), ignored);
    assert.equal(await first(), ignored);
  });
}

test("PNG: an eXIf chunk behind the pixels counts too", async () => {
  const whole = png(PIXELS, ROWS);
  const file = Buffer.concat([whole.subarray(0, -12), chunk("eXIf", exif(6)), whole.subarray(-12)]);
  assert.is((await decodeImage(file, { orientation: "follow" })).width, 2);
  assert.is(ihdr(PIXELS).length + SIGNATURE.length, 33);
});

test("JPEG and WebP are turned as sharp turns them, in all eight orientations, and stay as they are by default", async () => {
  const raw = { width: 16, height: 8, channels: 3 } as const;
  const pixels = Uint8Array.from({ length: 384 }, (_, i) => (i * 7) % 256);
  for (const format of ["jpeg", "webp"] as const) {
    for (const [orientation] of STORED) {
      const file = await sharp(pixels, { raw }).withMetadata({ orientation }).toFormat(format).toBuffer();
      const want = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true });
      const got = await decodeImage(file, { orientation: "follow" });
      assert.equal([got.width, got.height], [want.info.width, want.info.height], `${format} ${orientation}`);
      assert.equal(got.data, new Uint8Array(want.data), `${format} ${orientation}`);
      assert.is((await decodeImage(file)).width, 16);
    }
  }
});

test("TIFF: the tag is followed always, as in Pillow", async () => {
  const values = [1, 2, 3, 4, 5, 6];
  for (const orientation of ["follow", "ignore"] as const) {
    const { data } = await decodeImage(tiff({ width: 3, height: 2, values, orientation: 6 }), {
      orientation,
    });
    assert.equal([...data], [4, 1, 5, 2, 6, 3]);
  }
});

test.run();
