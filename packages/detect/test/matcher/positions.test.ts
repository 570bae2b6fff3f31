import { join } from "node:path";
import { maxError, randomImage, throwsCode, writeImage } from "@inctrl/testing";
import { backboneTests } from "@inctrl/testing/device";
import { collect, cosine, scored, scoreOne } from "@inctrl/testing/scoring";
import { test as plain } from "uvu";
import * as assert from "uvu/assert";
import {
  changePrompts,
  comparedTiles,
  describeBank,
  Encoder,
  fileImage,
  fileImages,
  fitImages,
  type ImageItem,
  readBankFit,
  verdictSettings,
} from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("tiles compared by their place");

/** 3 x 2 tiles of 32 pixels. */
const [WIDTH, HEIGHT] = [80, 56];
const PREPROCESS = { tile: 32, overlap: 8 };
/** Which tiles lie beside which, written out. */
const NEAR = [
  [0, 1, 3, 4],
  [0, 1, 2, 3, 4, 5],
  [1, 2, 4, 5],
  [0, 1, 3, 4],
  [0, 1, 2, 3, 4, 5],
  [1, 2, 4, 5],
];
const images = (...seeds: number[]): ImageItem[] => seeds.map((seed) => randomImage(seed, WIDTH, HEIGHT));

plain("tiles are near that share a side or a corner", () => {
  const of = { width: WIDTH, height: HEIGHT };
  const pixels = { size: 32, ...PREPROCESS };
  assert.equal(comparedTiles({ how: "near", of }, pixels), NEAR);
  assert.equal(comparedTiles({ how: "same", of }, pixels), [[0], [1], [2], [3], [4], [5]]);
});

for (const how of ["same", "near"] as const) {
  test(`${how}: maps and matches are those of plain loops over the tiles`, async ({ backbone }) => {
    const encoder = new Encoder(backbone, { fit: "tile", preprocess: PREPROCESS, batch: 24 });
    const detector = nearestPatch(encoder, { symmetries: 1 });
    const [prompts, queries] = [images(1, 2), images(3, 4)];
    using fitted = await fitImages(detector, prompts, { positions: how });
    const tapsOf = async (of: ImageItem[]) => {
      for await (using batch of encoder.encode(of))
        return await Promise.all(batch.taps.map((tap) => tap.data()));
      throw new Error("no batch");
    };
    const [given, seen] = [await tapsOf(prompts), await tapsOf(queries)];
    const [{ rows, columns, width }] = encoder.layouts;
    const patches = rows * columns;
    const results = (await collect(fitted, queries)).map(scored);
    for (const [image, { views }] of results.entries()) {
      assert.is(views.length, 6);
      for (const [tile, { map, matches }] of views.entries()) {
        const wanted = Float64Array.from({ length: patches }, () => 0);
        const tiles = how === "same" ? [tile] : NEAR[tile];
        const own = [0, 1].flatMap((prompt) =>
          tiles.map((each) => ({ prompt, from: (prompt * 6 + each) * patches, tile: each })),
        );
        for (let patch = 0; patch < patches; patch++) {
          for (const [tap, values] of seen.entries()) {
            const at = ((image * 6 + tile) * patches + patch) * width;
            const found = own.flatMap(({ prompt, from, tile }) =>
              Array.from({ length: patches }, (_, p) => ({
                ...{ prompt, patch: tile * patches + p },
                cosine: cosine(values, at, given[tap], (from + p) * width, width),
              })),
            );
            const best = Math.max(...found.map((each) => each.cosine));
            wanted[patch] += (0.5 * (1 - best)) / seen.length;
            if (tap < seen.length - 1) continue;
            const told = found.find(
              (each) => each.prompt === matches!.prompts[patch] && each.patch === matches!.patches[patch],
            );
            // Two rows may be equally near within float32.
            assert.ok(
              told && best - told.cosine < 1e-6,
              `match of patch ${patch} in tile ${tile} of ${image}`,
            );
          }
        }
        assert.ok(maxError(map.values, wanted) < 1e-6, `map of tile ${tile} of ${image}`);
      }
    }
  });
}

test("what is normal elsewhere is found; scores have the same bits in batches, threads and from the file", async ({
  folder,
  backbone,
}) => {
  const encoderOf = (options = {}) =>
    new Encoder(backbone, { fit: "tile", preprocess: { tile: 32, overlap: 0 }, ...options });
  const halves = (name: string, left: number, right: number): ImageItem => ({
    id: name,
    async load() {
      const data = new Uint8Array(3 * 64 * 32);
      const sides = await Promise.all([left, right].map((seed) => randomImage(seed, 32, 32).load()));
      for (let y = 0; y < 32; y++)
        for (const [i, side] of sides.entries())
          data.set(side.data.subarray(96 * y, 96 * (y + 1)), 3 * (64 * y + 32 * i));
      return { width: 64, height: 32, mode: "RGB", data };
    },
  });
  const scoreOf = async (positions: "same" | "near" | undefined, item: ImageItem) => {
    using fitted = await fitImages(nearestPatch(encoderOf(), { symmetries: 1 }), [halves("good", 1, 2)], {
      positions,
    });
    return (await scoreOne(fitted, item)).score;
  };
  const swapped = halves("swapped", 2, 1);
  assert.ok((await scoreOf(undefined, swapped)) < 1e-6, "each half is there somewhere");
  assert.ok((await scoreOf("near", swapped)) < 1e-6, "the halves are neighbours");
  assert.ok((await scoreOf("same", swapped)) > 0.01);
  assert.ok((await scoreOf("same", halves("same", 1, 2))) < 1e-6);

  const path = join(folder, "places.safetensors");
  const prompts = [1, 2].map((seed) => writeImage(folder, `${seed}.png`, seed, WIDTH, HEIGHT));
  const names = [3, 4, 5].map((seed) => writeImage(folder, `${seed}.png`, seed, WIDTH, HEIGHT));
  const tiled = (options = {}) =>
    nearestPatch(encoderOf({ preprocess: PREPROCESS, ...options }), { symmetries: 8 });
  using fitted = await fitImages(tiled(), fileImages(prompts), { positions: "near" });
  await fitted.save(path);
  assert.is((await readBankFit(path)).positions, "near");
  assert.equal((await describeBank(path)).info.positions, {
    how: "near",
    of: { width: WIDTH, height: HEIGHT },
  });
  assert.is((await verdictSettings(fitted)).positions, `near ${WIDTH}x${HEIGHT}`);
  const scoresIn = async (of: typeof fitted) =>
    (await collect(of, fileImages(names))).map((result) => scored(result).views.map(({ score }) => score));
  const wanted = await scoresIn(fitted);
  assert.is(wanted.flat().length, 3 * 6);
  for (const options of [{}, { batch: 1 }, { batch: 5 }, { threads: 2 }]) {
    using loaded = await tiled(options).load(path);
    assert.equal(await scoresIn(loaded), wanted, JSON.stringify(options));
  }
});

test("an image of another size is refused by name, others are scored; a bank keeps its places when it learns", async ({
  folder,
  backbone,
}) => {
  const encoder = new Encoder(backbone, { fit: "tile", preprocess: PREPROCESS });
  const detector = nearestPatch(encoder, { symmetries: 1 });
  const [first, second, third] = [1, 2, 3].map((seed) =>
    writeImage(folder, `${seed}.png`, seed, WIDTH, HEIGHT),
  );
  const turned = writeImage(folder, "turned.png", 4, HEIGHT, WIDTH);
  using fitted = await fitImages(detector, fileImages([first, second]), { positions: "same" });
  const results = await collect(fitted, fileImages([third, turned, first]));
  assert.ok("error" in results[1]);
  assert.match(
    results[1].error.message,
    /turned\.png: has 56 x 80 pixels, and tiles are compared by their place in images of 80 x 56/,
  );
  assert.is("code" in results[1].error && results[1].error.code, "positions");
  assert.ok(scored(results[2]).score < 1e-6 && scored(results[0]).score > 1e-3);

  const path = join(folder, "learns.safetensors");
  await fitted.save(path);
  const { history } = await describeBank(path);
  const bank = { path, from: history.id, fitted, calibration: null };
  const edit = { find: () => undefined, settings: {} };
  await throwsCode(
    () => changePrompts(bank, { ...edit, add: [fileImage(turned)] }),
    "positions",
    /turned\.png/,
  );
  const { calibration } = await changePrompts(bank, { ...edit, add: [fileImage(third)] });
  using learnt = await detector.load(path);
  assert.equal(learnt.positions, fitted.positions);
  using fresh = await fitImages(detector, fileImages([first, second, third]), { positions: "same" });
  const [item] = images(9);
  assert.equal((await scoreOne(learnt, item)).score, (await scoreOne(fresh, item)).score);
  // Left out in turn, each prompt is compared by its places too.
  using others = await fitImages(detector, fileImages([second, third]), { positions: "same" });
  const alone = (await scoreOne(others, fileImage(first))).score;
  assert.ok(Math.abs(calibration!.images[0].score - alone) < 1e-6);
});

test("positions are refused without tiles, of images of several sizes, and by methods that do not search by tiles", async ({
  backbone,
}) => {
  const tiled = new Encoder(backbone, { fit: "tile", preprocess: PREPROCESS });
  const positions = "same";
  const fit = (encoder: Encoder, prompts: ImageItem[]) =>
    fitImages(nearestPatch(encoder, { symmetries: 1 }), prompts, { positions });
  await throwsCode(
    () => fit(new Encoder(backbone), images(1)),
    "positions",
    /with fit crop an image is one view/,
  );
  await throwsCode(
    () => fit(tiled, [...images(1), randomImage(2, WIDTH + 1, HEIGHT, "wide")]),
    "positions",
    /wide: has 81 x 56 pixels/,
  );
  await throwsCode(
    () => fitImages({ ...nearestPatch(tiled), takesPositions: false }, images(1), { positions }),
    "positions",
    /cannot compare tiles by their place; take residual/,
  );
});

plain.run();
test.run();
