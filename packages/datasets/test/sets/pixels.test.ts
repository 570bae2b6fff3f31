import { execFileSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { decodeImage, encodePng } from "../../src/index.js";
import { cropMask, cropRaster, hasDefect, readMask } from "../../src/sets/pixels.js";
import { chunk, png } from "../support/png.js";
import { rejects } from "../support/rejects.js";
import { gray, write } from "../support/tree.js";

const test = folderTests("pixels");

test("pixels that are not black are defects in any mode; alpha is ignored", async ({ dir }) => {
  const palette = chunk("PLTE", Uint8Array.from([9, 9, 9, 0, 0, 0, 0, 1, 0, 255, 255, 255]));
  await write(dir, {
    "gray.png": gray(4, 1, (x) => x),
    "alpha.png": encodePng({ width: 4, height: 1, data: Uint8Array.from([0, 255, 1, 0, 2, 9, 3, 255]) }),
    "rgb.png": encodePng({
      width: 4,
      height: 1,
      data: Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]),
    }),
    "palette.png": png({ width: 4, height: 1, depth: 8, colour: 3 }, Uint8Array.from([0, 1, 0, 2, 3]), [
      palette,
    ]),
    "bits.png": png({ width: 4, height: 1, depth: 1, colour: 0 }, Uint8Array.from([0, 0b01110000])),
    "deep.png": png(
      { width: 4, height: 1, depth: 16, colour: 0 },
      Uint8Array.of(0, 0, 0, 0, 1, 1, 0, 255, 255),
    ),
  });
  for (const name of ["gray", "alpha", "rgb", "palette", "bits", "deep"]) {
    assert.equal(await marks(dir, "gray.png", `${name}.png`), [0, 255, 255, 255], name);
  }
});

test("a pipe or a device as image or mask is refused at once", async ({ dir }) => {
  if (process.platform === "win32") return;
  await write(dir, { "gray.png": gray(2, 2, () => 0) });
  execFileSync("mkfifo", [join(dir, "pipe.png")]);
  await symlink("/dev/zero", join(dir, "zero.png"));
  for (const [name, says] of [
    ["pipe.png", /pipe\.png: .*pipe/],
    ["zero.png", /zero\.png: .*device/],
  ] as const) {
    await rejects(() => decodeImage(join(dir, name)), "not-an-image", says);
    await rejects(() => marks(dir, "gray.png", name), "not-an-image", says);
  }
});

/** The mask of an image as values. */
async function marks(dir: string, image: string, ...masks: string[]): Promise<number[]> {
  const { data } = await readMask(
    join(dir, image),
    masks.map((name) => join(dir, name)),
  );
  return [...data];
}

test("several masks are united, each scaled to the image", async ({ dir }) => {
  await write(dir, {
    "image.png": gray(4, 2),
    "half.png": gray(2, 1, (x) => x),
    "double.png": gray(8, 4, (x, y) => (x < 2 && y < 2 ? 255 : 0)),
    "same.png": gray(4, 2, (x, y) => (x === 1 && y === 1 ? 3 : 0)),
    "turned.png": gray(2, 4),
    "cut.png": gray(3, 2),
  });
  assert.equal(await marks(dir, "image.png", "half.png"), [0, 0, 255, 255, 0, 0, 255, 255]);
  assert.equal(await marks(dir, "image.png", "double.png"), [255, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(
    await marks(dir, "image.png", "same.png", "double.png", "half.png"),
    [255, 0, 255, 255, 0, 255, 255, 255],
  );
  assert.equal((await readMask(join(dir, "image.png"), [join(dir, "half.png")])).scaledFrom, {
    width: 2,
    height: 1,
  });
  await rejects(
    () => marks(dir, "image.png", "turned.png"),
    "corrupt",
    /turned\.png: 2 x 4 pixels for an image of 4 x 2/,
  );
});

test("a side that was rounded when it was scaled is the same shape", async ({ dir }) => {
  // 1021 x 767 at a quarter is 255.25 x 191.75.
  await write(dir, {
    "image.png": gray(1021, 767),
    "mask.png": gray(255, 191, (x, y) => Number(x + y === 0)),
  });
  const values = await marks(dir, "image.png", "mask.png");
  assert.is(values.filter(Boolean).length, 16);
});

test("parts are cut out with all samples of a pixel", () => {
  const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => i);
  const cut = cropRaster({ width: 4, height: 3, mode: "RGB", data }, { x: 1, y: 1, width: 2, height: 2 });
  assert.equal([cut.width, cut.height, cut.mode], [2, 2, "RGB"]);
  assert.equal([...cut.data], [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32]);
  const mask = { width: 4, height: 3, data: Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0]) };
  assert.equal([...cropMask(mask, { x: 2, y: 0, width: 2, height: 2 }).data], [0, 0, 0, 255]);
  assert.is(hasDefect(mask), true);
  assert.is(hasDefect(mask, { x: 0, y: 0, width: 3, height: 3 }), false);
  assert.is(hasDefect(mask, { x: 3, y: 1, width: 1, height: 1 }), true);
});

test.run();
