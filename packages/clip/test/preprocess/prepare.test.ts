import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { decodeImage } from "@inctrl/datasets";
import { openSafetensors } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CLIP_MEAN, CLIP_STD } from "../../src/config/types.js";
import { ClipError } from "../../src/errors.js";
import type { Filter } from "../../src/preprocess/filters.js";
import type { Fit } from "../../src/preprocess/fit.js";
import { normalizePixels, type PixelConfig, prepareImage } from "../../src/preprocess/prepare.js";
import { type RasterImage, toRgb } from "../../src/preprocess/raster.js";

const golden = fileURLToPath(new URL("../../../../../shared/golden/", import.meta.url));
const io = `${golden}io/`;

const planes = (pixels: Uint8Array | Float32Array): Uint8Array => {
  const count = pixels.length / 3;
  return Uint8Array.from(pixels, (_, i) => pixels[(i % count) * 3 + Math.floor(i / count)]);
};

const noise = (width: number, height: number, mode: RasterImage["mode"], channels: number): RasterImage => ({
  width,
  height,
  mode,
  data: Uint8Array.from(
    { length: width * height * channels },
    (_, i) => (Math.imul(i + 7, 2654435761) >>> 13) & 255,
  ),
});

test("pixels equal Pillow's, in every mode of files", async () => {
  if (!existsSync(io)) return console.log("skipped: ../shared absent");
  const file = await openSafetensors(`${io}preprocess.safetensors`);
  let checked = 0;
  for (const name of readdirSync(`${io}images`)) {
    const image: RasterImage = await decodeImage(`${io}images/${name}`);
    const { width, height } = image;
    const rgb: RasterImage = {
      width,
      height,
      mode: "RGB",
      data: toRgb(image.mode, image.data, image.palette),
    };
    for (const size of [240, 64])
      for (const [kind, input] of [
        ["pixels", image],
        ["rgbfirst", rgb],
      ] as const) {
        const want = await file.readFloat32(`${name}@${size}.${kind}`);
        const got = planes(prepareImage(input, { size })[0].pixels);
        const off = want.map((value, i) => Math.abs(value - got[i])).sort();
        if (!name.endsWith(".jpg"))
          assert.is(off.at(-1), 0, `${name}@${size}.${kind}: max error ${off.at(-1)}`);
        else assert.ok(off[Math.floor(0.99 * off.length)] <= 4, `${name}@${size}.${kind}`);
        checked++;
      }
  }
  assert.is(checked, 52);
  await file.close();
});

test("pixels of the other programs equal Pillow's: RGB first, Lanczos or bilinear, a crop smaller than the resize", async () => {
  if (!existsSync(golden)) return console.log("skipped: ../shared absent");
  const file = await openSafetensors(`${golden}baselines-cnn/preprocess.safetensors`);
  for (const [key, { shape }] of file.tensors) {
    const [, name, filter, square] = /(.*)\.(lanczos|bilinear)(_square)?$/.exec(key)!;
    const image: RasterImage = await decodeImage(`${io}images/${name}`);
    const size = shape[1];
    const config = { size, interpolation: filter as Filter, rgbFirst: true, ...(!square && { resize: 72 }) };
    const [view] = prepareImage(image, config, square ? "squash" : "crop");
    assert.equal(planes(view.pixels), Uint8Array.from(await file.readFloat32(key)), key);
  }
  assert.is(file.tensors.size, 18);
  await file.close();
});

test("unrounded, pixels are the sums that a widened triangle weighs", () => {
  const [width, height, side] = [7, 3, 5];
  const image = noise(width, height, "RGB", 3);
  const [{ pixels }] = prepareImage(
    image,
    { size: side, interpolation: "bilinear", unrounded: true },
    "squash",
  );
  /** Weights of one output along an axis. */
  const weights = (at: number, from: number) => {
    const stretch = Math.max(1, from / side);
    const near = Array.from({ length: from }, (_, i) =>
      Math.max(0, 1 - Math.abs(i + 0.5 - ((at + 0.5) * from) / side) / stretch),
    );
    const sum = near.reduce((a, b) => a + b);
    return near.map((weight) => weight / sum);
  };
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let c = 0; c < 3; c++) {
        let want = 0;
        for (const [row, down] of weights(y, height).entries())
          for (const [column, across] of weights(x, width).entries())
            want += down * across * image.data[3 * (row * width + column) + c];
        assert.ok(Math.abs(pixels[3 * (y * side + x) + c] - want) < 1e-4, `${y}, ${x}, ${c}`);
      }
});

test("an image of the right size is not changed, alpha included", () => {
  const image = noise(16, 16, "RGBA", 4);
  assert.equal(prepareImage(image, { size: 16 })[0].pixels, toRgb("RGBA", image.data));
});

test("enlarging, shrinking and mixing both keep a flat image flat, in every mode", () => {
  for (const [width, height] of [
    [1, 1],
    [3, 50],
    [500, 7],
    [33, 31],
  ] as const)
    for (const [mode, pixel, want] of [
      ["L", [77], [77, 77, 77]],
      ["LA", [77, 255], [77, 77, 77]],
      ["RGB", [1, 2, 255], [1, 2, 255]],
      ["RGBA", [9, 200, 30, 255], [9, 200, 30]],
      ["1", [255], [255, 255, 255]],
    ] as const) {
      const data = Uint8Array.from(
        { length: width * height * pixel.length },
        (_, i) => pixel[i % pixel.length],
      );
      for (const fit of ["crop", "squash"] as const) {
        const { pixels } = prepareImage({ width, height, mode, data }, { size: 20 }, fit)[0];
        assert.ok(
          pixels.every((value, i) => value === want[i % 3]),
          `${mode} ${width}x${height} ${fit}`,
        );
      }
    }
});

test("crop takes the middle, squash takes all, and tiles cover all", () => {
  const image = noise(130, 40, "RGB", 3);
  const [crop] = prepareImage(image, { size: 20 }, "crop");
  // 130 x 40 becomes 65 x 20; round(22.5) is 22 in Python.
  assert.equal(crop?.box, { x: 44, y: 0, width: 40, height: 40 });
  assert.equal(prepareImage(image, { size: 20 }, "squash")[0]?.box, { x: 0, y: 0, width: 130, height: 40 });
  const tiles = prepareImage(image, { size: 20 }, "tile");
  assert.equal(
    tiles.map(({ box }) => box.x / 2),
    [0, 15, 30, 45],
  );
  assert.equal(tiles.at(-1)?.box, { x: 90, y: 0, width: 40, height: 40 });
  const [tall] = prepareImage(noise(40, 40, "L", 1), { size: 20 }, "tile");
  assert.equal(tall?.box, { x: 0, y: 0, width: 40, height: 40 });
});

test("the crop is the middle of a larger resize, and a whole image ends at a multiple", () => {
  const image = noise(131, 43, "RGB", 3);
  const pixels = (config: PixelConfig, fit: Fit) => prepareImage(image, config, fit)[0];
  // 131 x 43 becomes 73 x 24; Python rounds half the rest, 26.5 and 2, to 26 and 2.
  const whole = pixels({ size: 24 }, "whole");
  assert.equal([whole.width, whole.height], [73, 24]);
  const middle = (y: number) => whole.pixels.slice((73 * (y + 2) + 26) * 3, (73 * (y + 2) + 46) * 3);
  const crop = pixels({ size: 20, resize: 24 }, "crop");
  for (let y = 0; y < 20; y++) assert.equal(crop.pixels.slice(y * 60, (y + 1) * 60), middle(y));
  const patches = pixels({ size: 24, multiple: 7 }, "whole");
  assert.equal([patches.width, patches.height, patches.box.x, patches.box.y], [70, 21, 0, 0]);
  assert.equal(patches.pixels.slice(70 * 3, 140 * 3), whole.pixels.slice(73 * 3, 143 * 3));
  const squashed = pixels({ size: 20, resize: 24 }, "squash").box;
  assert.equal(
    [squashed.x / 131, squashed.y / 43].map((v) => v.toFixed(6)),
    ["0.083333", "0.083333"],
  );
  for (const config of [
    { size: 20, resize: 19 },
    { size: 20, multiple: 21 },
  ])
    assert.throws(() => pixels(config, "crop"), /holds no window of 20/);
});

test("overlapping windows agree", () => {
  const image = noise(40, 97, "RGBA", 4);
  const tiles = prepareImage(image, { size: 20 }, "tile");
  const row = (tile: number, y: number) => tiles[tile].pixels.slice(y * 60, (y + 1) * 60);
  // 40 x 97 becomes 20 x 48, tiles start at 0, 14, 28.
  assert.equal(tiles.length, 3);
  for (let y = 14; y < 20; y++) assert.equal(row(0, y), row(1, y - 14));
  for (let y = 28; y < 34; y++) assert.equal(row(1, y - 14), row(2, y - 28));
});

test("normalisation equals PyTorch's in float32, and writes planes into a batch", () => {
  const pixels = Uint8Array.of(0, 128, 255, 1, 2, 3);
  const config = { mean: CLIP_MEAN, std: CLIP_STD };
  // (torch.tensor(p) / 255 - mean) / std with float32 tensors, PyTorch 1.13.
  const want = [
    -1.7922625541687012, -1.777664065361023, 0.16889731585979462, -1.7220815420150757, 2.1458969116210938,
    -1.4375596046447754,
  ];
  assert.equal([...normalizePixels(pixels, config)], want);
  const batch = new Float32Array(12);
  normalizePixels(pixels, config, batch, 6);
  assert.equal([...batch.slice(6)], want);
  assert.equal([...batch.slice(0, 6)], [0, 0, 0, 0, 0, 0]);
});

test("indices beyond the palette are black", () => {
  const image: RasterImage = {
    width: 2,
    height: 2,
    mode: "P",
    data: Uint8Array.of(0, 1, 2, 1),
    palette: Uint8Array.of(1, 2, 3, 4, 5, 6),
  };
  assert.equal([...prepareImage(image, { size: 2 })[0].pixels], [1, 2, 3, 4, 5, 6, 0, 0, 0, 4, 5, 6]);
});

test("images whose size, mode and data disagree are refused", () => {
  const good = noise(4, 4, "RGB", 3);
  const bad: [RasterImage, string][] = [
    [{ ...good, width: 5 }, "are not 5 x 4"],
    [{ ...good, width: 0, data: new Uint8Array(0) }, "are not 0 x 4"],
    [{ ...good, width: 1.5 }, "are not 1.5"],
    [{ ...good, mode: "CMYK" as "RGB" }, "mode CMYK"],
    [{ ...good, mode: "P", data: new Uint8Array(16) }, "palette"],
  ];
  for (const [image, says] of bad)
    try {
      prepareImage(image, { size: 4 });
      assert.unreachable(says);
    } catch (error) {
      assert.instance(error, ClipError);
      assert.match((error as Error).message, says);
    }
  for (const fit of ["tile", "whole"] as const)
    assert.throws(() => prepareImage(noise(1000, 1, "L", 1), { size: 8 }, fit), /tiles/);
  assert.is(prepareImage(noise(1000, 1, "L", 1), { size: 240 }, "crop")[0]?.pixels.length, 240 * 240 * 3);
});

test.run();
