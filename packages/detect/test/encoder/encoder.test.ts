import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cropRaster, decodeImage } from "@inctrl/datasets";
import { maxError, PATCH14, randomImage, THREE_SHOT, throwsCode, writeImage } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { PaddedEncoder } from "../../src/encoder/encoder.js";
import { featureLayout } from "../../src/encoder/recipe.js";
import {
  type Backbone,
  Encoder,
  type EncoderOptions,
  fileImage,
  fileImages,
  type ImageItem,
} from "../../src/index.js";
import { encodeAll } from "../support/encode-all.js";

const test = deviceTests("encoder");

const on = (backbone: Backbone, options: EncoderOptions) => new Encoder(backbone, options);

/** A part of an image file, as samples of data sets that lie in one large image are. */
function part(path: string, x: number, y: number, width: number, height: number): ImageItem {
  const box = { x, y, width, height };
  return {
    id: `${path} at ${x},${y}`,
    source: { path, box },
    load: async () => cropRaster(await decodeImage(path), box),
  };
}

test("threads that decode change no bit, of files, parts of files, and images without a file", async ({
  device,
  folder,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const [wide, tall] = [writeImage(folder, "wide.png", 1, 60, 31), writeImage(folder, "tall.png", 2, 20, 50)];
  const words = join(folder, "words.png");
  writeFileSync(words, "no picture at all");
  const items = [
    fileImage(wide),
    part(wide, 0, 0, 20, 20),
    part(wide, 40, 11, 20, 20),
    fileImage(words),
    part(tall, 3, 7, 17, 43),
    randomImage(3, 24),
    part(wide, 40, 0, 20, 20),
    part(words, 0, 0, 5, 5),
    { ...fileImage(tall), symmetries: [0, 3, 6] },
    fileImage(join(folder, "missing.png")),
  ];
  for (const fit of ["squash", "tile"] as const) {
    const none = await encodeAll(on(backbone, { fit, batch: 3, threads: 0 }), items);
    const two = await encodeAll(on(backbone, { fit, batch: 3, threads: 2 }), items);
    assert.equal(two, none);
    assert.equal(
      none.ended.map(([image, , error]) => [image, error !== undefined]),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((image) => [image, [3, 7, 9].includes(image)]),
    );
    if (fit !== "tile") assert.is(none.views.length, 9);
  }
  // Parts of one image are not the image, nor each other.
  const { values } = await encodeAll(on(backbone, { threads: 0 }), items.slice(0, 3));
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ])
    assert.ok(maxError(values[a], values[b]) > 1e-3);
});

test("tiles of one image may lie in several batches, and an image ends with its last one", async ({
  device,
  folder,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const paths = [
    writeImage(folder, "one.png", 1, 17),
    writeImage(folder, "five.png", 2, 85, 17),
    writeImage(folder, "three.png", 3, 17, 51),
  ];
  const whole = await encodeAll(on(backbone, { fit: "tile", batch: 64 }), fileImages(paths));
  assert.equal(whole.batches, [9]);
  assert.equal(
    whole.views.map(({ image, box }) => [image, box.x, box.y]),
    [[0, 0, 0], ...[0, 17, 34, 51, 68].map((x) => [1, x, 0]), ...[0, 17, 34].map((y) => [2, 0, y])],
  );
  for (const batch of [1, 2, 4]) {
    const encoder = on(backbone, { fit: "tile", batch });
    const { batches, ...found } = await encodeAll(encoder, fileImages(paths));
    assert.equal(batches, [
      ...new Array(Math.floor(9 / batch)).fill(batch),
      ...(9 % batch ? [9 % batch] : []),
    ]);
    assert.equal({ views: found.views, ended: found.ended }, { views: whole.views, ended: whole.ended });
    const tolerance = device.caps.software ? 0 : 1e-5;
    for (const [i, values] of found.values.entries())
      assert.ok(maxError(values, whole.values[i]) <= tolerance);
  }
  const ends: number[][] = [];
  for await (const { ended, dispose } of on(backbone, { fit: "tile", batch: 2 }).encode(fileImages(paths))) {
    ends.push(ended.map(({ image }) => image));
    dispose();
  }
  assert.equal(ends, [[0], [], [1], [], [2]]);
});

test("views come symmetry by symmetry, each with the features of the image that is turned", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const encoder = on(backbone, { batch: 4 });
  const image = randomImage(1, 17);
  const { views, values } = await encodeAll(encoder, [{ ...image, symmetries: [0, 6] }, image]);
  assert.equal(
    views.map(({ image: number, symmetry }) => [number, symmetry]),
    [
      [0, 0],
      [0, 6],
      [1, 0],
    ],
  );
  // Symmetry 6 is half a turn: the pixels from the last to the first.
  const half = async () => {
    const { data, ...raster } = await image.load();
    const turned = Uint8Array.from(data, (_, i) => data[data.length - 3 - (i - (i % 3)) + (i % 3)]);
    return { ...raster, data: turned };
  };
  const turned = await encodeAll(encoder, [{ id: "turned", load: half }]);
  assert.equal(values[2], values[0]);
  assert.ok(maxError(values[1], turned.values[0]) < 1e-6);
  assert.ok(maxError(values[1], values[0]) > 1e-3);
});

test("a padded encoder runs batches of one size, and gives a view the same bits in any company", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const sizes = new Set<number>();
  const { vision } = backbone.clip;
  const counting = Object.create(vision, {
    forward: {
      value: (...args: Parameters<typeof vision.forward>) => {
        sizes.add(args[0].shape[0]);
        return vision.forward(...args);
      },
    },
  });
  const clip = { ...backbone.clip, vision: counting };
  const watched = Object.create(backbone, { clip: { value: clip } }) as Backbone;
  const images = Array.from({ length: 11 }, (_, i) => randomImage(i, 17));
  const padded = new PaddedEncoder(watched, { batch: 4 });
  const together = await encodeAll(padded, images);
  assert.equal(together.batches, [4, 4, 3]);
  for (const i of [0, 5, 10]) {
    const alone = await encodeAll(padded, [images[i]]);
    assert.equal(alone.values, [together.values[i]]);
  }
  assert.equal((await encodeAll(padded, [])).batches, []);
  assert.equal([...sizes], [4]);
  const plain = await encodeAll(on(backbone, { batch: 4 }), images);
  assert.ok(plain.values.every((values, i) => maxError(values, together.values[i]) < 1e-5));
});

test("images that cannot be read make no views, in batches of their own where no other is there", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const torn = (id: string): ImageItem => ({
    id,
    load: () => Promise.reject(new Error(`${id}: torn`)),
  });
  const items = Array.from({ length: 20 }, (_, i) => torn(`${i}`));
  const { views, ended, batches } = await encodeAll(on(backbone, { batch: 2 }), items);
  assert.is(views.length, 0);
  assert.ok(batches.length > 1 && batches.every((count) => count === 0), `${batches}`);
  assert.equal(
    ended,
    items.map(({ id }, i) => [i, id, `${id}: torn`]),
  );
});

test("an abort ends the encoding, and a source that fails hands on its error", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  for (const threads of [0, 2]) {
    const encoder = on(backbone, { batch: 2, threads });
    const stop = new AbortController();
    let [closed, batches] = [false, 0];
    async function* endless() {
      try {
        for (let i = 0; ; i++) yield randomImage(i, 17);
      } finally {
        closed = true;
      }
    }
    for await (const { dispose } of encoder.encode(endless(), { signal: stop.signal })) {
      dispose();
      if (++batches === 3) stop.abort();
    }
    assert.ok(closed && batches >= 3 && batches <= 4, `${batches} batches`);
    async function* failing() {
      yield randomImage(1, 17);
      throw new Error("the folder went away");
    }
    const error = await encodeAll(encoder, failing()).catch((reason: Error) => reason);
    assert.match((error as Error).message, /the folder went away/);
  }
});

test("blocks that the backbone does not have are refused, and the recipe tells those it has", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device, PATCH14);
  await throwsCode(() => on(backbone, { taps: [4] }), "blocks", /has 3; give some of 1 to 3/);
  const { recipe, taps, fit, cached } = on(backbone, { taps: [1, 3], fit: "squash" });
  assert.equal([taps, fit, cached], [[1, 3], "squash", false]);
  assert.equal([featureLayout(recipe).patches.shape, recipe.embedDim], [[2, 25, 15], 18]);
});

test.run();
