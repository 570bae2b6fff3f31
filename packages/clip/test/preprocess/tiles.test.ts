import { throwsCode } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { layOut } from "../../src/preprocess/fit.js";
import { prepareImage } from "../../src/preprocess/prepare.js";

const spread = (length: number, sizes: { size: number; tile: number; overlap: number }) => {
  const { windows } = layOut({ width: length, height: sizes.tile }, sizes, "tile");
  return windows.map(({ left }) => left);
};

test("tiles of a size of their own cover the image, share what was asked for at least, and are as few as can be", () => {
  const sizes = { size: 32, tile: 32, overlap: 8 };
  assert.equal(spread(32, sizes), [0]);
  assert.equal(spread(33, sizes), [0, 1]);
  // Two tiles with 8 in common are 56 long; one more pixel takes a third.
  assert.equal(spread(56, sizes), [0, 24]);
  assert.equal(spread(57, sizes), [0, 13, 25]);
  for (let length = 32; length < 400; length++) {
    const starts = spread(length, sizes);
    assert.is(starts.at(-1), length - 32);
    assert.is(starts.length, Math.max(1, Math.ceil((length - 8) / 24)));
    // Starts are rounded, so that neighbours may share one pixel less.
    for (let i = 1; i < starts.length; i++)
      assert.ok(starts[i - 1] + 32 - starts[i] >= 7, `${length}: ${starts}`);
  }
});

test("a strip of 16,000 x 2,000 in tiles of 512 with 64 in common", () => {
  const { size, windows } = layOut(
    { width: 16_000, height: 2000 },
    { size: 224, tile: 512, overlap: 64 },
    "tile",
  );
  assert.equal(size, { width: 7000, height: 875 });
  // ceil((16000 - 64) / 448) = 36 across, ceil((2000 - 64) / 448) = 5 down.
  assert.is(windows.length, 180);
});

test("tiles at the network's own size are the image's own pixels, in boxes of these", () => {
  const [width, height] = [80, 40];
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 7919) % 251);
  const raster = { width, height, mode: "RGB" as const, data };
  const views = prepareImage(raster, { size: 32, tile: 32, overlap: 4 }, "tile");
  assert.is(views.length, 3 * 2);
  for (const { box, pixels } of views) {
    assert.equal([box.width, box.height], [32, 32]);
    for (const [x, y] of [
      [0, 0],
      [31, 0],
      [5, 30],
    ])
      for (let c = 0; c < 3; c++)
        assert.is(pixels[3 * (y * 32 + x) + c], data[3 * ((box.y + y) * width + box.x + x) + c]);
  }
});

test("tiles that do not go together, do not fit, or are too many are refused", async () => {
  const refused = (
    image: { width: number; height: number },
    tile: number,
    overlap: number,
    code: string,
    text: RegExp,
  ) => throwsCode(() => layOut(image, { size: 32, tile, overlap }, "tile"), code, text);
  await refused({ width: 90, height: 90 }, 32, 32, "config", /tiles of 32 pixels with 32 in common are none/);
  await refused({ width: 90, height: 90 }, 1.5, 0, "config", /are none/);
  await refused(
    { width: 90, height: 31 },
    32,
    0,
    "tiles",
    /90 x 31 pixels hold no tile of 32; take smaller tiles/,
  );
  await refused({ width: 16_000, height: 16_000 }, 32, 0, "tiles", /take 250000 tiles of 32, over 4096/);
});

test.run();
