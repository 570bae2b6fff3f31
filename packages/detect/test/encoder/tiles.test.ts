import { join } from "node:path";
import { throwsCode, writeImage } from "@inctrl/testing";
import { deviceTests, smallBackbone } from "@inctrl/testing/device";
import { scoreOne } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { Encoder, fileImage, fileImages, fitImages, mergeViews, readBankFit } from "../../src/index.js";
import { marked } from "../support/marked.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("tiles of a size of their own");

test("a small defect of a large image is found where it is, at any batch size and in threads, and the bank knows the tiles", async ({
  device,
  folder,
}) => {
  using backbone = await smallBackbone(device);
  const prompt = writeImage(folder, "strip.png", 1, 192, 64);
  const preprocess = { tile: 32, overlap: 8 };
  const encoderOf = (options = {}) => new Encoder(backbone, { fit: "tile", preprocess, ...options });
  const detector = nearestPatch(encoderOf(), { symmetries: 1 });
  using fitted = await fitImages(detector, fileImages([prompt]));
  const [x, y] = [139, 42];
  const found = await scoreOne(fitted, marked(prompt, x, y, 6));
  assert.is(found.views.length, 8 * 3);
  const { map, box } = mergeViews(found.views);
  // Patches of 8 pixels over 192 x 64.
  assert.equal([map.columns, map.rows, box], [24, 8, { x: 0, y: 0, width: 192, height: 64 }]);
  const { x: left, y: top, width, height } = found.views[found.view].box;
  assert.ok(
    left <= x && top <= y && left + width >= x + 6 && top + height >= y + 6,
    "the tile that shows it decides",
  );
  using whole = await fitImages(
    nearestPatch(new Encoder(backbone, { fit: "squash" }), { symmetries: 1 }),
    fileImages([prompt]),
  );
  const squashed = await scoreOne(whole, marked(prompt, x, y, 6));
  assert.ok(found.score > squashed.score, "squashed, little of it is left");

  const path = join(folder, "tiles.safetensors");
  await fitted.save(path);
  assert.equal((await readBankFit(path)).tiles, preprocess);
  await throwsCode(
    () => nearestPatch(new Encoder(backbone, { fit: "tile" })).load(path),
    "bank",
    /its images were prepared in another way/,
  );
  const other = writeImage(folder, "other.png", 2, 192, 64);
  const scores: number[][] = [];
  for (const options of [{}, { batch: 5 }, { threads: 2 }]) {
    using loaded = await nearestPatch(encoderOf(options), { symmetries: 1 }).load(path);
    scores.push((await scoreOne(loaded, fileImage(other))).views.map(({ score }) => score));
  }
  assert.equal(scores[1], scores[0]);
  assert.equal(scores[2], scores[0]);
});

test("merging many tiles gives at each place the largest value that a tile has there", () => {
  const boxes = [0, 23, 45, 68].flatMap((x) => [0, 17].map((y) => ({ x, y, width: 32, height: 32 })));
  const views = boxes.map((box, tile) => ({
    map: {
      rows: 4,
      columns: 4,
      values: Float32Array.from({ length: 16 }, (_, i) => ((tile * 31 + i * 17) % 97) / 97),
    },
    box,
  }));
  const { map, box } = mergeViews(views);
  assert.equal([map.columns, map.rows, box], [13, 6, { x: 0, y: 0, width: 100, height: 49 }]);
  for (const [i, value] of map.values.entries()) {
    const x = (((i % 13) + 0.5) / 13) * 100;
    const y = ((Math.floor(i / 13) + 0.5) / 6) * 49;
    const there = views.filter(
      (view) => x >= view.box.x && x < view.box.x + 32 && y >= view.box.y && y < view.box.y + 32,
    );
    const values = there.map(
      (view) => view.map.values[4 * Math.floor((y - view.box.y) / 8) + Math.floor((x - view.box.x) / 8)],
    );
    assert.is(value, Math.max(...values));
  }
});

test.run();
