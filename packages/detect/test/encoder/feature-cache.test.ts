import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { f32ToF16, writeSafetensors } from "@inctrl/tensor";
import { generator, throwsCode } from "@inctrl/testing";
import { deviceTests, smallBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { Encoder } from "../../src/encoder/encoder.js";
import { FeatureCache } from "../../src/encoder/feature-cache.js";
import { type FeatureRecipe, featureBytes } from "../../src/encoder/recipe.js";

const test = deviceTests("feature cache");
const RECIPE: FeatureRecipe = { id: "a recipe", blocks: [1, 2], patches: [2, 4, 8], embedDim: 8 };

function features(seed: number) {
  const next = generator(seed);
  return {
    patches: f32ToF16(Float32Array.from({ length: 64 }, () => next() - 0.5)),
    feature: Float32Array.from({ length: 8 }, next),
  };
}

const keyOf = (content: string) => FeatureCache.key(RECIPE, content);
const fileOf = (folder: string, key: string) => join(folder, key.slice(0, 2), `${key}.safetensors`);

test("features come back bit by bit, also in another process's cache", async ({ folder }) => {
  const root = join(folder, "round");
  const cache = await FeatureCache.open(root);
  const [key, made] = [keyOf("one"), features(1)];
  assert.is(await cache.readFeature(key, RECIPE), null);
  await cache.write(key, RECIPE, made);
  assert.equal(await cache.readFeature(key, RECIPE), made.feature);
  assert.equal(await cache.readPatches(key, RECIPE), made.patches);
  const other = await FeatureCache.open(root);
  assert.equal(await other.readPatches(key, RECIPE), made.patches);
  assert.is(other.bytes, cache.bytes);
  assert.is(other.bytes, readFileSync(fileOf(root, key)).length);
  assert.not(existsSync(join(root, `${key}.safetensors`)));
});

test("what is cut short, foreign or of other shapes counts as absent and goes", async ({ folder }) => {
  const root = join(folder, "damaged");
  const cache = await FeatureCache.open(root);
  const damage: Record<string, (path: string) => void | Promise<void>> = {
    truncated: (path) => truncateSync(path, 300),
    empty: (path) => truncateSync(path, 0),
    text: (path) => writeFileSync(path, "no tensors at all"),
    "another image's": (path) => writeFileSync(path, readFileSync(fileOf(root, keyOf("sound")))),
    misshaped: (path) =>
      writeSafetensors(
        path,
        {
          patches: { dtype: "F16", shape: [64], data: new Uint16Array(64) },
          feature: { dtype: "F32", shape: [8], data: new Float32Array(8) },
        },
        { key: keyOf("misshaped") },
      ),
    "without tensors": (path) => writeSafetensors(path, {}, { key: keyOf("without tensors") }),
  };
  await cache.write(keyOf("sound"), RECIPE, features(0));
  for (const [content, spoil] of Object.entries(damage)) {
    const key = keyOf(content);
    for (const read of [cache.readFeature.bind(cache), cache.readPatches.bind(cache)]) {
      await cache.write(key, RECIPE, features(2));
      await spoil(fileOf(root, key));
      assert.is(await read(key, RECIPE), null, content);
      assert.not(existsSync(fileOf(root, key)), content);
    }
    await cache.write(key, RECIPE, features(3));
    assert.equal(await cache.readFeature(key, RECIPE), features(3).feature, content);
  }
  assert.equal(await cache.readFeature(keyOf("sound"), RECIPE), features(0).feature);
});

test("half-written files of killed processes go when they are old; other people's files stay", async ({
  folder,
}) => {
  const root = join(folder, "stale");
  mkdirSync(join(root, "ab"), { recursive: true });
  const [old, fresh] = [join(root, "ab", ".x.1-a.tmp"), join(root, "ab", ".x.2-b.tmp")];
  for (const path of [old, fresh, join(root, "notes.txt"), join(root, "ab", "not-a-key.safetensors")])
    writeFileSync(path, "x");
  utimesSync(old, new Date(), new Date(Date.now() - 2 * 3_600_000));
  const cache = await FeatureCache.open(root, { limit: 0 });
  assert.not(existsSync(old));
  assert.ok(existsSync(fresh));
  assert.equal(readdirSync(root).sort(), ["ab", "notes.txt"]);
  assert.ok(existsSync(join(root, "ab", "not-a-key.safetensors")));
  assert.is(cache.bytes, 0);
});

test("above the limit what was unused for longest goes, also when a cache is opened again", async ({
  folder,
}) => {
  const root = join(folder, "limit");
  const probe = await FeatureCache.open(root);
  const names = ["a", "b", "c", "d"];
  for (const [i, name] of names.slice(0, 3).entries()) {
    await probe.write(keyOf(name), RECIPE, features(i));
    utimesSync(fileOf(root, keyOf(name)), new Date(), new Date(Date.now() - 10_000 + i * 1000));
  }
  const one = probe.bytes / 3;
  const cache = await FeatureCache.open(root, { limit: 3 * one });
  assert.ok(await cache.readFeature(keyOf("a"), RECIPE));
  await cache.write(keyOf("d"), RECIPE, features(4));
  const there = () => names.filter((name) => existsSync(fileOf(root, keyOf(name))));
  assert.equal(there(), ["a", "c", "d"]);
  assert.ok(cache.bytes <= cache.limit);
  const smaller = await FeatureCache.open(root, { limit: 2 * one });
  assert.equal(there(), ["a", "d"]);
  assert.is(smaller.bytes, 2 * one);
});

test("keys tell backbones, fits, blocks and images apart; wrong blocks are refused", async ({ device }) => {
  using first = await smallBackbone(device, 1);
  using second = await smallBackbone(device, 2);
  const recipes = [
    new Encoder(first),
    new Encoder(second),
    new Encoder(first, { fit: "squash" }),
    new Encoder(first, { blocks: [2] }),
  ].map(({ recipe }) => recipe);
  const keys = recipes.flatMap((recipe) => ["x", "y"].map((content) => FeatureCache.key(recipe, content)));
  assert.is(new Set(keys).size, 8);
  assert.equal(recipes[0].patches, [2, 16, 32]);
  assert.is(featureBytes(recipes[0]), 2 * 2 * 16 * 32 + 4 * 32);
  for (const blocks of [[], [0], [3], [2, 1], [1, 1], [1.5]])
    await throwsCode(() => new Encoder(first, { blocks }), "blocks", /has 2; give some of 1 to 2/);
});

test.run();
