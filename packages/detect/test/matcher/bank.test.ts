import { join } from "node:path";
import { openSafetensors } from "@inctrl/tensor";
import { randomPixels, randomView, shared, throwsCode } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import { bankOf, scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { encodeViews } from "../../src/encoder/encode.js";
import { symmetricIndex } from "../../src/images/symmetries.js";
import {
  Encoder,
  fitImages,
  type ImageItem,
  openBackbone,
  PromptBank,
  readBankFit,
} from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("prompt bank", fixtureBackbone);
const SIZE = 71;
const PATCHES = 25;

/** The square of a seed, or several of them side by side, which are the image's tiles. */
function tiles(name: string, ...seeds: number[]): ImageItem {
  const squares = seeds.map((seed) => randomPixels(seed, SIZE * SIZE));
  const data = new Uint8Array(3 * SIZE * SIZE * seeds.length);
  for (let y = 0; y < SIZE; y++) {
    for (const [i, square] of squares.entries())
      data.set(square.subarray(3 * SIZE * y, 3 * SIZE * (y + 1)), 3 * SIZE * (y * seeds.length + i));
  }
  return { id: name, load: async () => ({ width: SIZE * seeds.length, height: SIZE, mode: "RGB", data }) };
}

const consecutive = (from: number) => Array.from({ length: PATCHES }, (_, i) => from + i);

test("saved and loaded, a bank gives the same bits and says what it was made of", async ({
  folder,
  backbone,
}) => {
  const detector = nearestPatch(new Encoder(backbone, { fit: "tile" }));
  const hashed = { ...tiles("b.png", 2, 3, 4), sha256: async () => "f".repeat(64) };
  const prompts = [tiles("a.png", 1), hashed];
  using bank = await bankOf(detector.encoder, prompts);
  assert.equal([bank.shots, bank.info.fit, bank.info.blocks], [2, "tile", [1, 2]]);
  using made = await fitImages(detector, prompts);
  const path = join(folder, "round.safetensors");
  await made.save(path);
  const reading = { window: { depth: 8, low: 0, high: 255 } };
  assert.equal(await readBankFit(path), {
    ...{ taps: detector.encoder.taps, fit: "tile", symmetries: 1, reading, early: false, sealed: true },
    network: { backbone: backbone.name, fingerprint: backbone.fingerprint },
  });
  assert.equal(made.reading, reading);
  using loaded = await detector.load(path);
  assert.equal(loaded.prompts, made.prompts);
  assert.equal(loaded.prompts, [
    { name: "a.png", sha256: null, views: 1 },
    { name: "b.png", sha256: "f".repeat(64), views: 3 },
  ]);
  const queries = [7, 8, 9].map((seed) => tiles("", seed));
  assert.equal(await scoreWith(loaded, queries), await scoreWith(made, queries));
  await loaded.save(join(folder, "again.safetensors"));
  const contents = async (name: string) => {
    const file = await openSafetensors(join(folder, name));
    const values = await Promise.all([...file.tensors.keys()].map((each) => file.readFloat32(each)));
    await file.close();
    return [values, { ...file.metadata }];
  };
  assert.equal(await contents("again.safetensors"), await contents("round.safetensors"));
});

test("the bank does not depend on how many prompts are encoded together", async ({ backbone }) => {
  const prompts = [1, 2, 3, 4, 5].map((seed) =>
    seed % 2 ? tiles(`${seed}`, 100 * seed, 100 * seed + 1) : tiles(`${seed}`, 100 * seed),
  );
  using together = await bankOf(new Encoder(backbone, { fit: "tile" }), prompts);
  for (const batch of [1, 3]) {
    using other = await bankOf(new Encoder(backbone, { fit: "tile", batch }), prompts);
    assert.equal(other.prompts, together.prompts);
    assert.equal(await other.features.data(), await together.features.data());
    for (const [i, { panels }] of together.blocks.entries()) {
      assert.equal(await panels.data(), await other.blocks[i].panels.data());
    }
  }
});

test("a matched row is traced to its prompt and to the patch counted over the prompt's views", async ({
  backbone,
}) => {
  const encoder = new Encoder(backbone, { fit: "tile" });
  const prompts = [tiles("a", 1, 2), tiles("b", 3), tiles("c", 4, 5, 6)];
  using bank = await bankOf(encoder, prompts);
  assert.equal(
    [0, 24, 25, 49, 50, 74, 75, 149].map((row) => bank.locate(row)),
    [
      { prompt: 0, patch: 0 },
      { prompt: 0, patch: 24 },
      { prompt: 0, patch: 25 },
      { prompt: 0, patch: 49 },
      { prompt: 1, patch: 0 },
      { prompt: 1, patch: 24 },
      { prompt: 2, patch: 0 },
      { prompt: 2, patch: 74 },
    ],
  );
  // Each prompt's own view finds itself, patch by patch.
  using fitted = await fitImages(nearestPatch(encoder), prompts);
  const [first, last] = await scoreWith(fitted, [tiles("", 2), tiles("", 6)]);
  assert.equal([...first.matches!.patches], consecutive(PATCHES));
  assert.equal([...last.matches!.patches], consecutive(2 * PATCHES));
  assert.ok(first.matches!.prompts.every((prompt) => prompt === 0));
  assert.ok(last.matches!.prompts.every((prompt) => prompt === 2));
  assert.ok(first.score < 1e-6 && last.score < 1e-6, `${first.score} ${last.score}`);
});

test("in eight symmetries, a bank knows prompts however they lie, and its class features are as before", async ({
  folder,
  backbone,
}) => {
  const encoder = new Encoder(backbone, { fit: "tile" });
  const prompts = [tiles("a", 1), tiles("b", 2, 3)];
  using turned = await bankOf(encoder, prompts, 8);
  using straight = await bankOf(encoder, prompts);
  assert.equal([turned.symmetries, straight.symmetries], [8, 1]);
  assert.equal(await turned.features.data(), await straight.features.data());
  const path = join(folder, "turned.safetensors");
  await turned.save(path);
  assert.equal(await readBankFit(path), {
    taps: encoder.taps,
    fit: "tile",
    symmetries: 8,
    reading: {},
    early: false,
    sealed: true,
    network: { backbone: backbone.name, fingerprint: backbone.fingerprint },
  });
  using loaded = await PromptBank.load(path, encoder);
  assert.equal([loaded.symmetries, loaded.shots], [8, 2]);

  const queries = [{ ...prompts[0], symmetries: [0, 1, 2, 3, 4, 5, 6, 7] }];
  using before = await fitImages(nearestPatch(encoder), prompts);
  const [alone, ...others] = await scoreWith(before, queries);
  assert.ok(alone.score < 1e-6 && others.every(({ score }) => score > 0.001));
  using after = await nearestPatch(encoder, { symmetries: 8 }).load(path);
  const known = await scoreWith(after, queries);
  assert.is(known.length, 8);
  assert.ok(known.every(({ score }) => score < 1e-6));
  assert.ok(known.every(({ matches }) => matches!.prompts.every((prompt) => prompt === 0)));
  assert.equal(
    known.map(({ matches }) => [...matches!.patches]),
    known.map((_, symmetry) =>
      consecutive(0).map((patch) => symmetricIndex(symmetry, patch, { width: 5, height: 5 })),
    ),
  );
});

test("rows of turned views are traced to the patches of the views as they are", async ({ backbone }) => {
  const encoder = new Encoder(backbone, { fit: "tile" });
  using bank = await bankOf(encoder, [tiles("a", 1, 2), tiles("b", 3)], 8);
  const row = (view: number, symmetry: number, patch: number) => (view * 8 + symmetry) * PATCHES + patch;
  assert.equal(
    [row(0, 0, 7), row(0, 6, 0), row(1, 1, 1), row(1, 4, 0), row(2, 0, 3), row(2, 7, 24)].map((each) =>
      bank.locate(each),
    ),
    [
      { prompt: 0, patch: 7 },
      { prompt: 0, patch: 24 },
      { prompt: 0, patch: 25 + 5 },
      { prompt: 0, patch: 25 + 4 },
      { prompt: 1, patch: 3 },
      { prompt: 1, patch: 0 },
    ],
  );
});

test("no prompts, and views of another size, are refused", async ({ backbone }) => {
  await throwsCode(
    () => PromptBank.of(new Encoder(backbone), []),
    "shots",
    /no prompts; give at least one normal image/,
  );
  await throwsCode(
    () => encodeViews(backbone, [randomView(1, 64)]),
    "views",
    /prepared at 64 x 64 pixels and .* takes 71/,
  );
});

test("a bank of a real backbone holds what was scored: golden/tiny", async ({ device, folder }) => {
  const tiny = shared("golden/tiny");
  if (!tiny) return;
  const config = join(tiny, "config.json");
  const path = join(folder, "tiny.safetensors");
  using backbone = await openBackbone(device, join(tiny, "clip.safetensors"), { config });
  using bank = await bankOf(new Encoder(backbone), [tiles("p", 1)]);
  await bank.save(path);
  // The same weights from another file: the bank fits.
  using same = await openBackbone(device, join(tiny, "clip.pt"), { config });
  using loaded = await PromptBank.load(path, new Encoder(same));
  assert.equal(await loaded.features.data(), await bank.features.data());
  // The same weights rounded to half precision are another backbone.
  using half = await openBackbone(device, join(tiny, "clip-trainer-fp16.pt"), { config });
  await throwsCode(() => PromptBank.load(path, new Encoder(half)), "bank", /another backbone/);
});

test.run();
