import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePng, hashFile } from "@inctrl/datasets";
import { folderTests } from "@inctrl/testing";
import * as assert from "uvu/assert";
import type { FittedDetector } from "../../src/detector.js";
import { drawHeatmaps } from "../../src/heatmap/draw-heatmaps.js";
import { MapStore } from "../../src/heatmap/map-store.js";
import { PromptAlbum } from "../../src/heatmap/prompt-album.js";

const test = folderTests("draw heat maps", { prompt: "" });
test.before.each((context) => {
  mkdirSync(join(context.dir, "out"));
  context.prompt = writeImage(context.dir, "prompt.png", 50);
});

function writeImage(dir: string, name: string, grey: number): string {
  const path = join(dir, name);
  writeFileSync(path, encodePng({ width: 32, height: 32, data: new Uint8Array(32 * 32 * 3).fill(grey) }));
  return path;
}

/** As much of a fitted detector as an album needs. */
const fittedWith = (name: string, sha256: string) =>
  ({
    prompts: [{ name, sha256, views: 1 }],
    detector: { encoder: { fit: "crop", preprocess: PREPROCESS } },
  }) as unknown as FittedDetector;

const PREPROCESS = {
  size: 32,
  interpolation: "bicubic",
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

const BOX = { x: 0, y: 0, width: 32, height: 32 };

async function withMaps(dir: string, images: readonly string[], job: (maps: MapStore) => Promise<void>) {
  const maps = await MapStore.open(dir);
  for (const [i, image] of images.entries()) {
    const map = { rows: 2, columns: 2, values: Float32Array.of(0, 0.25, 0.5, 1) };
    const match = { prompt: join(dir, "prompt.png"), patch: 1, queryPatch: 3 };
    await maps.add({ image, name: `${i}`, score: 1, match, view: 0, views: [{ map, box: BOX }] });
  }
  await job(maps).finally(() => maps.close());
}

test("each image gets a heat map and a panel, and one that is gone is counted", async ({ dir, prompt }) => {
  const image = writeImage(dir, "image.png", 200);
  const album = new PromptAlbum(fittedWith(prompt, await hashFile(prompt)), () => assert.unreachable());
  await withMaps(dir, [image, join(dir, "gone.png")], async (maps) => {
    const problems: unknown[] = [];
    const done: number[] = [];
    const drawn = await drawHeatmaps({
      ...{ folder: join(dir, "out"), maps, album },
      onProblem: (error) => problems.push(error),
      onProgress: (n) => done.push(n),
    });
    assert.equal(drawn, { drawn: 1, failed: 1 });
    assert.match(String(problems[0]), "gone.png");
    assert.equal([problems.length, done], [1, [1, 2]]);
  });
  assert.equal(readdirSync(join(dir, "out")).sort(), ["0.heatmap.png", "0.panel.png"]);
});

test("a prompt that has changed is reported once, and its panels are left out", async ({ dir, prompt }) => {
  const image = writeImage(dir, "image.png", 200);
  const problems: unknown[] = [];
  const album = new PromptAlbum(fittedWith(prompt, "0".repeat(64)), (error) => problems.push(error));
  await withMaps(dir, [image, image], async (maps) => {
    assert.equal(await drawHeatmaps({ folder: join(dir, "out"), maps, album }), { drawn: 2, failed: 0 });
  });
  assert.is(problems.length, 1);
  assert.match(String(problems[0]), "has changed since the bank was made");
  assert.equal(readdirSync(join(dir, "out")).sort(), ["0.heatmap.png", "1.heatmap.png"]);
});

test.run();
