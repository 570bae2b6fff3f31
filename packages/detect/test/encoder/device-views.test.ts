import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePng, type Raster } from "@inctrl/datasets";
import { generator, PATCH14, randomImage, throwsCode, turnedPng, writeImage } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { type ResizePlace, resizePlace } from "../../src/encoder/device-views.js";
import { prepareViews } from "../../src/images/prepared.js";
import { regionOfBox } from "../../src/images/region.js";
import {
  type Augmentation,
  Encoder,
  type EncoderOptions,
  fileImage,
  type ImageItem,
} from "../../src/index.js";
import { encodeAll } from "../support/encode-all.js";

const test = deviceTests("views on the device");

const bytes = (count: number, seed: number): Uint8Array => {
  const next = generator(seed);
  return Uint8Array.from({ length: count }, () => 256 * next());
};

/** An image that no file holds. */
const held = (id: string, raster: Raster): ImageItem => ({ id, load: async () => raster });

/** Half as bright in variant 1. */
const dimmed: Augmentation = {
  ...{ name: "dimmed", count: 2 },
  variant: (view, n) => (n === 0 ? view : { ...view, pixels: Float32Array.from(view.pixels, (v) => v / 2) }),
};

/** Images of all modes, sizes and sources. */
function images(folder: string): ImageItem[] {
  const file = (name: string, width: number, height: number, channels: number) => {
    const path = join(folder, name);
    writeFileSync(path, encodePng({ width, height, data: bytes(width * height * channels, width) }));
    return fileImage(path);
  };
  const turned = join(folder, "turned.png");
  writeFileSync(turned, turnedPng({ width: 40, height: 90, data: bytes(3 * 40 * 90, 9) }));
  const words = join(folder, "words.png");
  writeFileSync(words, "no picture at all");
  const palette = bytes(768, 5);
  return [
    fileImage(writeImage(folder, "large.png", 1, 300, 281)),
    file("gray.png", 71, 90, 1),
    file("alpha.png", 83, 77, 4),
    { ...fileImage(writeImage(folder, "part.png", 2, 200, 100)), symmetries: [0, 3, 6] },
    fileImage(words),
    fileImage(turned),
    held("palette", { width: 80, height: 90, mode: "P", data: bytes(7200, 4), palette }),
    { ...randomImage(3, 75), symmetries: [1, 0], augmentation: dimmed },
    held("one pixel", { width: 1, height: 1, mode: "LA", data: Uint8Array.of(200, 30) }),
    randomImage(7, 70),
  ];
}

test("an image has the same bits and facts, resized here or there, in any company", async ({
  device,
  folder,
}) => {
  using backbone = await fixtureBackbone(device, PATCH14);
  const items = images(folder);
  const region = regionOfBox({ x: 0.1, y: 0.2, width: 0.5, height: 0.6 });
  const all = (options: EncoderOptions, some = items) =>
    encodeAll(new Encoder(backbone, { batch: 4, ...options }), some, { facts: true, region });
  for (const fit of ["crop", "tile"] as const) {
    const want = await all({ fit, resize: "processor", threads: 0 });
    for (const threads of [0, 2])
      assert.equal(await all({ fit, resize: "device", threads }), want, `${fit} ${threads}`);
    assert.is(want.ended.length, items.length);
    assert.is(want.facts.filter(Boolean).length, items.length - 1);
    if (fit === "tile") continue;
    // On a software adapter a batch's size changes no bit.
    const alone = await all({ fit, resize: "device", batch: 1 });
    if (device.caps.software) assert.equal(alone.values, want.values);
  }
});

test("an image is resized where that was asked for", async ({ device }) => {
  using backbone = await fixtureBackbone(device, PATCH14);
  const resizes = async (resize: ResizePlace) => {
    const trace = device.trace();
    await encodeAll(new Encoder(backbone, { resize }), [randomImage(1, 75)]);
    return (await trace.stop()).kernels.some(({ kernel }) => kernel === "resize bytes across");
  };
  assert.equal([await resizes("device"), await resizes("processor")], [true, false]);
});

test("a consumer that stops early leaves nothing on the device", async ({ device, folder }) => {
  using backbone = await fixtureBackbone(device, PATCH14);
  const items = images(folder);
  for (const threads of [0, 2])
    for await (using _ of new Encoder(backbone, { batch: 2, threads, resize: "device" }).encode(items)) break;
});

test("images that are larger than a device binds, or become so, are resized by the processor", () => {
  const raster: Raster = { width: 300, height: 2, mode: "RGB", data: bytes(1800, 1) };
  const isLeft = (deviceBytes: number | undefined, size: number) =>
    "raster" in prepareViews(raster, { pixels: { size }, fit: "squash", deviceBytes });
  assert.equal(
    [undefined, 1799, 1800].map((most) => isLeft(most, 8)),
    [false, false, true],
  );
  // Between the passes 2 rows of 40 pixels, and then 40 of them.
  assert.equal(
    [6399, 6400].map((most) => isLeft(most, 40)),
    [false, true],
  );
});

const MESA = { software: true, name: "llvmpipe (LLVM 15.0.6, 256 bits)", description: "Mesa 25.0.7" };
const CHROMIUM = { software: true, name: "SwiftShader Device", description: "SwiftShader driver" };
const CARD = { software: false, name: "a card", description: "a driver" };

test("graphics cards and llvmpipe resize, other software adapters do not, and the environment may decide", async () => {
  const before = process.env.INCTRL_RESIZE;
  try {
    delete process.env.INCTRL_RESIZE;
    assert.equal([MESA, CHROMIUM, CARD].map(resizePlace), ["device", "processor", "device"]);
    process.env.INCTRL_RESIZE = "processor";
    assert.is(resizePlace(CARD), "processor");
    process.env.INCTRL_RESIZE = "device";
    assert.is(resizePlace(CHROMIUM), "device");
    process.env.INCTRL_RESIZE = "gpu";
    await throwsCode(() => resizePlace(CARD), "option", /INCTRL_RESIZE is gpu; make it device or processor/);
  } finally {
    if (before === undefined) delete process.env.INCTRL_RESIZE;
    else process.env.INCTRL_RESIZE = before;
  }
});

test.run();
