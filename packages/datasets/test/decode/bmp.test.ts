import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeImage, imageHeader, toRGB } from "../../src/index.js";
import { bmp } from "../support/bmp.js";
import { rejects } from "../support/rejects.js";

const RED_BLUE = [
  [255, 0, 0],
  [0, 0, 255],
];
const BLACK_WHITE = [
  [0, 0, 0],
  [255, 255, 255],
];

test("1 bit is bilevel for black and white, and a palette otherwise", async () => {
  const base = { width: 3, height: 1, bits: 1, rows: [[0b01100000]] };
  const bilevel = await decodeImage(bmp({ ...base, palette: BLACK_WHITE }));
  assert.is(bilevel.mode, "1");
  assert.equal([...bilevel.data], [0, 255, 255]);
  const coloured = await decodeImage(bmp({ ...base, palette: RED_BLUE }));
  assert.is(coloured.mode, "P");
  assert.equal([...toRGB(coloured).data], [255, 0, 0, 0, 0, 255, 0, 0, 255]);
});

test("4 and 8 bits are indices; the gray ramp is gray; rows run from the bottom unless height is negative", async () => {
  const four = await decodeImage(
    bmp({
      width: 3,
      height: 2,
      bits: 4,
      rows: [
        [0x01, 0x10],
        [0x11, 0x00],
      ],
      palette: RED_BLUE,
    }),
  );
  assert.equal([...four.data], [1, 1, 0, 0, 1, 1]);
  const ramp = Array.from({ length: 256 }, (_, i) => [i, i, i]);
  const eight = {
    width: 2,
    height: -2,
    bits: 8,
    rows: [
      [7, 9],
      [200, 3],
    ],
  };
  const gray = await decodeImage(bmp({ ...eight, palette: ramp }));
  assert.is(gray.mode, "L");
  assert.equal([...gray.data], [7, 9, 200, 3]);
  assert.is((await imageHeader(bmp({ ...eight, palette: ramp }))).mode, "L");
  assert.is((await decodeImage(bmp({ ...eight, palette: RED_BLUE }))).mode, "P");
});

test("24 and 32 bits are BGR, and alpha counts only with a mask for it", async () => {
  const rgb = await decodeImage(bmp({ width: 1, height: 1, bits: 24, rows: [[3, 2, 1]] }));
  assert.equal([...rgb.data], [1, 2, 3]);
  const padded = await decodeImage(bmp({ width: 1, height: 1, bits: 32, rows: [[3, 2, 1, 77]] }));
  assert.is(padded.mode, "RGB");
  assert.equal([...padded.data], [1, 2, 3]);
  const masks = [0xff, 0xff00, 0xff0000];
  const masked = await decodeImage(
    bmp({ width: 1, height: 1, bits: 32, rows: [[3, 2, 1, 77]], compression: 3, masks }),
  );
  assert.equal([...masked.data], [3, 2, 1]);
});

test("16 bits are 5-5-5, or 5-6-5 by their masks, stretched to 0..255", async () => {
  const plain = await decodeImage(bmp({ width: 2, height: 1, bits: 16, rows: [[0xff, 0x7f, 0x01, 0x00]] }));
  assert.equal([...plain.data], [255, 255, 255, 0, 0, 8]);
  const masks = [0xf800, 0x7e0, 0x1f];
  const masked = await decodeImage(
    bmp({ width: 1, height: 1, bits: 16, rows: [[0xe0, 0x07]], compression: 3, masks }),
  );
  assert.equal([...masked.data], [0, 255, 0]);
});

test("huge, empty, compressed, cut off and odd files are refused by name", async () => {
  const good = { width: 2, height: 1, bits: 24, rows: [[1, 2, 3, 4, 5, 6]] };
  const bytes = bmp(good);
  await decodeImage(bytes);
  await rejects(() => decodeImage(bmp({ ...good, width: 2 ** 31 - 1 })), "too-large", /2147483647 x 1/);
  await rejects(() => decodeImage(bmp({ ...good, height: -(2 ** 31) })), "too-large", /2 x 2147483648/);
  await rejects(() => decodeImage(bmp({ ...good, width: -2 })), "corrupt", /-2 x 1/);
  await rejects(() => decodeImage(bmp({ ...good, width: 0 })), "corrupt", /0 x 1/);
  await rejects(() => decodeImage(bmp({ ...good, bits: 7 })), "unsupported", /7 bits/);
  await rejects(() => decodeImage(bmp({ ...good, bits: 8, compression: 4 })), "unsupported", /compressed/);
  await rejects(() => decodeImage(bytes.subarray(0, bytes.length - 1)), "truncated", /lacks some/);
  await rejects(() => decodeImage(bytes.subarray(0, 20)), "truncated", /only 20/);
  await rejects(() => decodeImage(bytes.subarray(0, 40)), "truncated", /inside its header/);
  await rejects(() => decodeImage(bmp({ width: 9, height: 1, bits: 8, rows: [] })), "truncated", /palette/);
  const holes = [0xf0f, 0xf0, 0xf000];
  await rejects(
    () => decodeImage(bmp({ ...good, bits: 16, compression: 3, masks: holes })),
    "unsupported",
    /masks/,
  );
});

test.run();
