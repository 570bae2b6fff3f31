import { scope, tensor } from "@inctrl/tensor";
import { maxError, random, throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import { test as plain } from "uvu";
import * as assert from "uvu/assert";
import { buildClip, gridSize, windowPatches } from "../../src/index.js";
import { reference } from "./reference.js";
import { readerOf, SMALL_DINO, SMALL_DISTILLED, SMALL_VIT, take, trainedValues } from "./support.js";

const test = deviceTests("windows");

plain("windows go row by row, and their patches too", () => {
  assert.equal(windowPatches({ rows: 3, columns: 2 }, 2), [
    [0, 1, 2, 3],
    [2, 3, 4, 5],
  ]);
  assert.is(windowPatches({ rows: 15, columns: 15 }, 3).length, 169);
  assert.equal(windowPatches({ rows: 1, columns: 2 }, 1), [[0], [1]]);
});

plain("a window that does not fit is refused", async () => {
  for (const side of [0, 3, 1.5])
    await throwsCode(() => windowPatches({ rows: 4, columns: 2 }, side), "argument", /do not fit/);
});
plain.run();

for (const [name, config, sides] of [
  ["two class tokens, the whole image", SMALL_DISTILLED, [1, 2]],
  ["CLS and patch bias", SMALL_VIT, [3, 2]],
  ["gains, registers, SwiGLU", SMALL_DINO, [2]],
] as const) {
  test(`${name}: a window's feature is that of float64 loops over its tokens alone`, async ({ device }) => {
    const values = trainedValues(config, 1);
    using clip = await buildClip(device, config, readerOf(values), { parts: "vision" });
    const { imageSize: size } = config.vision;
    const planes = random(5, 2 * 3 * size ** 2, -2, 2);
    const pixels = tensor(device, planes, [2, 3, size, size]);
    const { windows, features } = clip.vision.forward(pixels, { windows: sides });
    assert.equal(await take(features), await take(scope(() => clip.vision.forward(pixels).features)));
    const grid = gridSize(config.vision);
    for (const [i, side] of sides.entries()) {
      const patches = windowPatches({ rows: grid, columns: grid }, side);
      const want = [0, 1].flatMap((image) =>
        patches.map((some) => {
          const own = planes.subarray((image * planes.length) / 2, ((image + 1) * planes.length) / 2);
          return reference(config, values).image(own, some).feature;
        }),
      );
      assert.equal(windows[i].shape, [2, patches.length, config.embedDim]);
      const error = maxError(await take(windows[i]), want.flat());
      assert.ok(error < 5e-6, `${side} x ${side}: ${error}`);
    }
    pixels.dispose();
  });
}
test.run();
