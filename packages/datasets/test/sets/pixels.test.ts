import { join } from "node:path";
import * as assert from "uvu/assert";
import { encodePng } from "../../src/index.js";
import { cropMask, cropRaster, hasDefect, readMask } from "../../src/sets/pixels.js";
import { chunk, png } from "../support/png.js";
import { rejects } from "../support/rejects.js";
import { folderSuite, gray, write } from "../support/tree.js";

const test = folderSuite("pixels");

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
  });
  for (const name of ["gray", "alpha", "rgb", "palette", "bits"]) {
    const { data } = await readMask(join(dir, `${name}.png`));
    assert.equal([...data], [0, 255, 255, 255], name);
  }
});

test("several masks add up, unless their sizes differ", async ({ dir }) => {
  await write(dir, {
    "a.png": gray(3, 2, (x, y) => (x === 0 && y === 0 ? 255 : 0)),
    "b.png": gray(3, 2, (x, y) => (x === 2 && y === 1 ? 255 : 0)),
    "c.png": gray(2, 3),
  });
  const paths = ["a", "b", "c"].map((name) => join(dir, `${name}.png`));
  assert.equal([...(await readMask(...paths.slice(0, 2))).data], [255, 0, 0, 0, 0, 255]);
  await rejects(() => readMask(...paths), "corrupt", /c\.png: 2 x 3 pixels where another mask .* 3 x 2/);
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
