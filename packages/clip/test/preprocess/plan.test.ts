import { bytePlanes, type Device, packBytes, resizeBytes, scope, tensor } from "@inctrl/tensor";
import { deviceTests } from "@inctrl/testing/tensor";
import * as assert from "uvu/assert";
import { CLIP_MEAN, CLIP_STD } from "../../src/config/types.js";
import type { Fit } from "../../src/preprocess/fit.js";
import { planResize } from "../../src/preprocess/plan.js";
import {
  normalizePixels,
  normalTable,
  type PixelConfig,
  prepareImage,
} from "../../src/preprocess/prepare.js";
import { CHANNELS, type RasterImage } from "../../src/preprocess/raster.js";

const test = deviceTests(["subgroup", "register", "workgroup"]);
const STATISTICS = { mean: CLIP_MEAN, std: CLIP_STD };

/** Noise with plateaus of black and white, where filters overshoot; alpha has all kinds of values, 0 and 255 among them. */
function picture(width: number, height: number, mode: RasterImage["mode"]): RasterImage {
  const data = Uint8Array.from({ length: width * height * CHANNELS[mode] }, (_, i) => {
    const noise = (Math.imul(i + width, 2654435761) >>> 11) & 511;
    return noise > 400 ? 255 : noise > 255 ? 0 : noise;
  });
  return { width, height, mode, data };
}

/** Normalised planes of an image's views, resized by the device, and by the processor. */
async function both(device: Device, image: RasterImage, config: PixelConfig, fit: Fit = "crop") {
  const plan = planResize(image, config, fit)!;
  const planes = scope(() => {
    const bytes = packBytes(device, image.data);
    const table = tensor(device, normalTable(STATISTICS), [3, 256]);
    const { width, height } = image;
    const { channels, alpha } = plan;
    return plan.windows.map(({ across, down }) =>
      bytePlanes(resizeBytes(bytes, { width, height, channels, alpha, across, down }), table),
    );
  });
  const got = await Promise.all(planes.map((each) => each.data()));
  for (const each of planes) each.dispose();
  const views = prepareImage(image, config, fit);
  assert.equal(
    plan.windows.map(({ width, height, box }) => ({ width, height, box })),
    views.map(({ width, height, box }) => ({ width, height, box })),
  );
  return { got, want: views.map(({ pixels }) => normalizePixels(pixels, STATISTICS)) };
}

async function holds(device: Device, image: RasterImage, config: PixelConfig, fit?: Fit): Promise<void> {
  const { got, want } = await both(device, image, config, fit);
  const label = `${image.mode} ${image.width} x ${image.height} ${JSON.stringify(config)} ${fit}`;
  assert.is(got.length, want.length, label);
  for (const [i, values] of got.entries()) {
    const wrong = values.findIndex((value, at) => !Object.is(value, want[i][at]));
    assert.is(wrong, -1, `${label}: view ${i} [${wrong}] got ${values[wrong]}, want ${want[i][wrong]}`);
    assert.is(values.length, want[i].length, label);
  }
}

test("the device gives the very values of the processor, from one pixel to many", async (device) => {
  for (const size of [224, 240])
    for (const [width, height] of [
      [1, 1],
      [3, 500],
      [97, 41],
      [size, size],
      [size, size + 1],
      [641, 479],
    ])
      await holds(device, picture(width, height, "RGB"), { size });
  await holds(device, picture(1024, 1023, "RGB"), { size: 240 });
});

test("so it does in every mode, filter and fit", async (device) => {
  for (const mode of ["L", "LA", "RGB", "RGBA"] as const)
    for (const [width, height] of [
      [1, 1],
      [2, 61],
      [24, 24],
      [24, 31],
      [77, 50],
    ])
      for (const rgbFirst of [false, true])
        await holds(device, picture(width, height, mode), { size: 24, rgbFirst });
  for (const interpolation of ["bilinear", "lanczos"] as const)
    await holds(device, picture(77, 50, "RGBA"), { size: 24, resize: 30, interpolation });
  for (const fit of ["squash", "tile", "whole"] as const)
    await holds(device, picture(131, 43, "LA"), { size: 24, multiple: 7 }, fit);
  await holds(device, picture(131, 97, "RGB"), { size: 24, tile: 40, overlap: 9 }, "tile");
});

test("palettes, bits and values between bytes stay with the processor, and what is no image is refused", () => {
  const image = picture(4, 4, "L");
  assert.is(planResize({ ...image, mode: "P", palette: new Uint8Array(768) }, { size: 4 }), null);
  assert.is(planResize({ ...image, mode: "1" }, { size: 4 }), null);
  assert.is(planResize(image, { size: 4, unrounded: true }), null);
  assert.throws(() => planResize({ ...image, width: 5 }, { size: 4 }), /are not 5 x 4/);
  assert.throws(() => planResize(picture(1000, 1, "L"), { size: 4 }, "tile"), /tiles/);
});

test.run();
