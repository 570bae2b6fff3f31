import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareImage } from "@inctrl/clip";
import { decodeImage, encodePng, type Sample } from "@inctrl/datasets";
import { normalize, scope } from "@inctrl/tensor";
import { loads, maxError, product, randomPixels, throwsCode } from "@inctrl/testing";
import { storeTests } from "@inctrl/testing/store";
import * as assert from "uvu/assert";
import { encodeViews } from "../../src/encoder/encode.js";
import { FeatureStore } from "../../src/encoder/feature-store.js";
import { TensorCache } from "../../src/files/tensor-cache.js";
import { symmetricView } from "../../src/images/symmetries.js";

const test = storeTests("feature store");

test("features are those of the backbone, patches of length 1 in half precision", async ({
  backbone,
  store,
}) => {
  const sample = product("metal", 0, false);
  const [image] = await store.add([sample]);
  const views = prepareImage(await sample.load(), backbone.config.preprocess, "crop");
  const { features, taps } = encodeViews(backbone, views);
  const tokens = taps.map((tap) => scope(() => normalize(tap)));
  assert.ok(maxError(store.feature(image!), await features.data()) < 1e-6);
  const got = await store.tokens(image!);
  const want = [...(await tokens[0].data()), ...(await tokens[1].data())];
  // Values below 1: half precision is off by 2^-12 at most.
  assert.ok(maxError(got, want) < 2.5e-4);
  for (const t of [features, ...taps, ...tokens]) t.dispose();
});

test("a second run encodes nothing, and company changes no bit", async ({ backbone, cache, folder }) => {
  const samples = Array.from({ length: 11 }, (_, i) => product("fabric", i, i % 2 === 1));
  const encoded: number[] = [];
  const first = new FeatureStore(backbone, await TensorCache.open(cache), { batch: 4 });
  const numbers = await first.add(samples, { onProgress: (_d, _t, n) => encoded.push(n) });
  assert.is(encoded.at(-1), 11);
  encoded.length = 0;
  const second = new FeatureStore(backbone, await TensorCache.open(cache));
  await second.add(samples, { onProgress: (_d, _t, n) => encoded.push(n) });
  assert.equal(encoded, new Array(11).fill(0));
  const alone = new FeatureStore(backbone, await TensorCache.open(join(folder, "alone")), { batch: 4 });
  const [seventh] = await alone.add([samples[6]]);
  assert.equal(alone.feature(seventh!), first.feature(numbers[6]!));
  assert.equal(await alone.tokens(seventh!), await second.tokens(numbers[6]!));
});

test("equal images are one image, from any file; parts of a file are not", async ({ folder, store }) => {
  const path = (name: string) => join(folder, name);
  const png = encodePng({ width: 40, height: 32, data: randomPixels(3, 40 * 32) });
  for (const name of ["a.png", "copy.png"]) writeFileSync(path(name), png);
  const file = (name: string, box?: Sample["source"]) =>
    ({
      id: name,
      label: 0,
      kind: "good",
      source: { path: path(name), ...box },
      load: () => decodeImage(path(name)),
    }) as Sample;
  const part = (x: number) => file("a.png", { path: path("a.png"), box: { x, y: 0, width: 32, height: 32 } });
  const numbers = await store.add([file("a.png"), file("copy.png"), part(0), part(8)]);
  assert.equal(numbers, [0, 0, 1, 2]);
  assert.equal(await store.add([file("copy.png"), product("nut", 0, false)]), [0, 3]);
});

test("an image in its symmetries is decoded once, and each has the features of its turned view", async ({
  backbone,
  store,
}) => {
  const sample = product("metal", 0, false);
  const made = loads.count;
  const [image] = await store.add([sample], { symmetries: 8 });
  assert.is(loads.count, made + 1);
  assert.is(store.size, 8);
  const numbers = store.inSymmetries(image!, 8);
  assert.is(new Set(numbers).size, 8);
  assert.is(numbers[0], image);
  const [view] = prepareImage(await sample.load(), backbone.config.preprocess, "crop");
  for (const [symmetry, number] of numbers.entries()) {
    const { features, taps } = encodeViews(backbone, [symmetricView(view, symmetry)]);
    assert.ok(maxError(store.feature(number), await features.data()) < 1e-6, `symmetry ${symmetry}`);
    for (const t of [features, ...taps]) t.dispose();
  }
  assert.equal(await store.add([sample]), [image], "as it is, it is stored already");
});

test("features that went missing are made again, the same", async ({ backbone, cache }) => {
  const store = new FeatureStore(backbone, await TensorCache.open(cache), { memory: 0 });
  await store.add([product("mesh", 0, false), product("mesh", 1, true)]);
  const before = await store.tokens(0);
  await store.tokens(1);
  rmSync(cache, { recursive: true });
  const made = loads.count;
  assert.equal(await store.tokens(0), before);
  assert.is(loads.count, made + 1);
});

test("unreadable samples are skipped by name, or end the job", async ({ folder, store }) => {
  writeFileSync(join(folder, "torn.png"), "not an image");
  const broken = (name: string): Sample => ({
    ...{ id: name, label: 0, kind: "good", source: { path: join(folder, name) } },
    load: () => decodeImage(join(folder, name)),
  });
  const samples = [broken("torn.png"), product("wood", 0, false), broken("absent.png")];
  const skipped: string[] = [];
  const numbers = await store.add(samples, {
    onSkipped: ({ id }, error) => skipped.push(`${id}: ${error.name}`),
  });
  assert.equal(numbers, [null, 0, null]);
  assert.equal(skipped.sort(), ["absent.png: ImageError", "torn.png: ImageError"]);
  await throwsCode(() => store.add([broken("absent.png")]), "missing", /no such file/);
});

test("a limit too small for all images is refused before anything is encoded", async ({
  backbone,
  cache,
}) => {
  const store = new FeatureStore(backbone, await TensorCache.open(cache, { limit: 4000 }));
  const samples = [0, 1, 2].map((i) => product("metal", i, false));
  await throwsCode(() => store.add(samples), "cache-limit", /3 images take .* raise the limit/);
  assert.is(store.size, 0);
});

test("an image that changes after its hash was taken is refused, and poisons no cache", async ({
  backbone,
  cache,
  folder,
}) => {
  const path = join(folder, "changing.png");
  const paint = (seed: number) =>
    writeFileSync(path, encodePng({ width: 40, height: 32, data: randomPixels(seed, 40 * 32) }));
  const load = () => decodeImage(path);
  const file: Sample = { id: "changing.png", label: 0, kind: "good", source: { path }, load };
  const record: Sample = { ...file, id: "record", source: { path, record: 0 } };
  // Loaded for its own hash, after that of the file was taken.
  const changing: Sample = {
    ...product("nut", 0, false),
    load: async () => {
      paint(2);
      return product("nut", 0, false).load();
    },
  };
  for (const threads of [0, 1]) {
    for (const first of [file, record]) {
      paint(1);
      const open = async () => new FeatureStore(backbone, await TensorCache.open(cache), { threads });
      const store = await open();
      const errors: string[] = [];
      const skipped = await store.add([first, changing], {
        onSkipped: (_, error) => errors.push((error as Error & { code: string }).code),
      });
      paint(1);
      const again = await open();
      const [number] = await again.add([file]);
      const alone = new FeatureStore(backbone, await TensorCache.open(join(folder, "unchanged")));
      const [fresh] = await alone.add([file]);
      assert.equal(again.feature(number!), alone.feature(fresh!));
      // The pixels of a record are hashed themselves, so that it is what it was when it was hashed.
      assert.equal([skipped[0], errors], first === file ? [null, ["changed"]] : [0, []]);
      rmSync(cache, { recursive: true });
    }
  }
});

test("a stop is heard", async ({ store }) => {
  let error: unknown;
  await store.add([product("metal", 0, false)], { signal: AbortSignal.abort() }).catch((e) => {
    error = e;
  });
  assert.is((error as Error).name, "AbortError");
});

test.run();
