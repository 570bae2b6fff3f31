import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { f32ToF16, writeSafetensors } from "@inctrl/tensor";
import { generator, throwsCode } from "@inctrl/testing";
import { deviceTests, smallBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { Encoder } from "../../src/encoder/encoder.js";
import { type FeatureRecipe, featureBytes, featureKey, featureLayout } from "../../src/encoder/recipe.js";
import { TensorCache, type TensorCacheOptions } from "../../src/files/tensor-cache.js";

const test = deviceTests("tensor cache");
const LAYOUT = { rows: 2, columns: 2, width: 8 };
const RECIPE: FeatureRecipe = { id: "a recipe", layouts: [LAYOUT, LAYOUT], embedDim: 8, raw: false };

function features(seed: number) {
  const next = generator(seed);
  return {
    patches: f32ToF16(Float32Array.from({ length: 64 }, () => next() - 0.5)),
    feature: Float32Array.from({ length: 8 }, next),
  };
}

const keyOf = (content: string) => featureKey(RECIPE, content);

/** A cache of features of the recipe. */
async function openCache(folder: string, options?: TensorCacheOptions) {
  const cache = await TensorCache.open(folder, options);
  const layout = featureLayout(RECIPE);
  const read = async (key: string, name: "patches" | "feature") =>
    (await cache.read(key, layout, name))?.buffer;
  return {
    cache,
    readFeature: async (key: string) => bytesAs(Float32Array, await read(key, "feature")),
    readPatches: async (key: string) => bytesAs(Uint16Array, await read(key, "patches")),
    write: (key: string, { patches, feature }: ReturnType<typeof features>) =>
      cache.write(key, {
        patches: { ...layout.patches, data: patches },
        feature: { ...layout.feature, data: feature },
      }),
  };
}

const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

const bytesAs = <T>(Type: new (buffer: ArrayBufferLike) => T, buffer: ArrayBufferLike | undefined) =>
  buffer ? new Type(buffer) : null;

const fileOf = (folder: string, key: string) => join(folder, key.slice(0, 2), `${key}.safetensors`);

test("features come back bit by bit, also in another process's cache", async ({ folder }) => {
  const root = join(folder, "round");
  const cache = await openCache(root);
  const [key, made] = [keyOf("one"), features(1)];
  assert.is(await cache.readFeature(key), null);
  await cache.write(key, made);
  assert.equal(await cache.readFeature(key), made.feature);
  assert.equal(await cache.readPatches(key), made.patches);
  const other = await openCache(root);
  assert.equal(await other.readPatches(key), made.patches);
  assert.is(other.cache.bytes, cache.cache.bytes);
  assert.is(other.cache.bytes, readFileSync(fileOf(root, key)).length);
  assert.not(existsSync(join(root, `${key}.safetensors`)));
});

test("what is cut short, foreign or of other shapes counts as absent and goes", async ({ folder }) => {
  const root = join(folder, "damaged");
  const cache = await openCache(root);
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
  await cache.write(keyOf("sound"), features(0));
  for (const [content, spoil] of Object.entries(damage)) {
    const key = keyOf(content);
    for (const read of [cache.readFeature, cache.readPatches]) {
      await cache.write(key, features(2));
      await spoil(fileOf(root, key));
      assert.is(await read(key), null, content);
      assert.not(existsSync(fileOf(root, key)), content);
    }
    await cache.write(key, features(3));
    assert.equal(await cache.readFeature(key), features(3).feature, content);
  }
  assert.equal(await cache.readFeature(keyOf("sound")), features(0).feature);
});

test("a flipped bit and a value that is not finite are told and made again; old entries load, which is said once", async ({
  folder,
}) => {
  const root = join(folder, "renewed");
  const said: string[] = [];
  const cache = await openCache(root, { onNote: (text) => said.push(text) });
  const [key, path] = [keyOf("one"), fileOf(root, keyOf("one"))];
  await cache.write(key, features(1));
  const sound = readFileSync(path);
  for (let at = 5; at < sound.length; at += 41) {
    writeFileSync(path, flipped(sound, at));
    const found = [await cache.readPatches(key), await cache.readFeature(key)];
    assert.ok(found.includes(null), `byte ${at}`);
    assert.match(said.pop() ?? "", /renewed.*; it is made again$/);
    assert.equal(said.splice(0), []);
    await cache.write(key, features(1));
  }
  const nan = features(2);
  nan.patches[7] = 0x7e00;
  await cache.write(key, nan);
  assert.is(await cache.readPatches(key), null);
  assert.match(said.pop() ?? "", /patches holds values that are not finite; it is made again/);

  if (process.platform !== "win32") {
    rmSync(path, { force: true });
    execFileSync("mkfifo", [path]);
    assert.is(await cache.readPatches(key), null);
    assert.match(said.pop() ?? "", /this is no file but a pipe; it is made again/);
  }

  const { patches, feature } = features(3);
  const layout = featureLayout(RECIPE);
  for (const [i, content] of ["a", "b"].entries()) {
    // Text features lay beside each other before.
    const old = i === 0 ? fileOf(root, keyOf(content)) : join(root, `${keyOf(content)}.safetensors`);
    mkdirSync(dirname(old), { recursive: true });
    const stored = {
      patches: { ...layout.patches, data: patches },
      feature: { ...layout.feature, data: feature },
    };
    await writeSafetensors(old, stored, { key: keyOf(content) });
  }
  const reopened = await openCache(root, { onNote: (text) => said.push(text) });
  for (const content of ["a", "b"]) assert.equal(await reopened.readFeature(keyOf(content)), feature);
  assert.is(said.length, 1);
  assert.match(said[0], /renewed: holds entries of a version without checksums/);
});

test("half-written files of killed processes go when they are old; other people's files stay", async ({
  folder,
}) => {
  const root = join(folder, "stale");
  mkdirSync(join(root, "ab"), { recursive: true });
  // Of another machine, of which only age tells whether it still runs.
  const [old, fresh] = ["a", "b"].map((end) => join(root, "ab", `.inctrl-0b7c1e-2s9-4f1k-${end}.tmp`));
  for (const path of [old, fresh, join(root, "notes.txt"), join(root, "ab", "not-a-key.safetensors")])
    writeFileSync(path, "x");
  utimesSync(old, new Date(), new Date(Date.now() - 2 * 3_600_000));
  const cache = await openCache(root, { limit: 0 });
  assert.not(existsSync(old));
  assert.ok(existsSync(fresh));
  assert.equal(readdirSync(root).sort(), ["ab", "notes.txt"]);
  assert.ok(existsSync(join(root, "ab", "not-a-key.safetensors")));
  assert.is(cache.cache.bytes, 0);
});

test("above the limit what was unused for longest goes, also when a cache is opened again", async ({
  folder,
}) => {
  const root = join(folder, "limit");
  const probe = await openCache(root);
  const names = ["a", "b", "c", "d"];
  for (const [i, name] of names.slice(0, 3).entries()) {
    await probe.write(keyOf(name), features(i));
    utimesSync(fileOf(root, keyOf(name)), new Date(), new Date(Date.now() - 10_000 + i * 1000));
  }
  const one = probe.cache.bytes / 3;
  const cache = await openCache(root, { limit: 3 * one });
  assert.ok(await cache.readFeature(keyOf("a")));
  await cache.write(keyOf("d"), features(4));
  const there = () => names.filter((name) => existsSync(fileOf(root, keyOf(name))));
  assert.equal(there(), ["a", "c", "d"]);
  assert.ok(cache.cache.bytes <= cache.cache.limit);
  const smaller = await openCache(root, { limit: 2 * one });
  assert.equal(there(), ["a", "d"]);
  assert.is(smaller.cache.bytes, 2 * one);
});

test("keys tell backbones, fits, blocks and images apart; wrong blocks are refused", async ({ device }) => {
  using first = await smallBackbone(device, 1);
  using second = await smallBackbone(device, 2);
  const recipes = [
    new Encoder(first),
    new Encoder(second),
    new Encoder(first, { fit: "squash" }),
    new Encoder(first, { taps: [2] }),
  ].map(({ recipe }) => recipe);
  const keys = recipes.flatMap((recipe) => ["x", "y"].map((content) => featureKey(recipe, content)));
  assert.is(new Set(keys).size, 8);
  assert.equal(featureLayout(recipes[0]).patches.shape, [2, 16, 32]);
  assert.is(featureBytes(recipes[0]), 2 * 2 * 16 * 32 + 4 * 32);
  for (const taps of [[], [0], [3], [2, 1], [1, 1], [1.5], ["1"], ["norm", "norm"]])
    await throwsCode(() => new Encoder(first, { taps }), "blocks", /has 2; give some of 1 to 2/);
});

test.run();
