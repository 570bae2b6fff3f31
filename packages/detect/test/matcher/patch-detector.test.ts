import { maxError, randomImage } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import { cosine, scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { bestMatch, Encoder, fitImages, type ImageItem, patchDetector, scoreViews } from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("patch detector", fixtureBackbone);
const SIZE = 71;
const PATCHES = 25;
const images = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => randomImage(seed + i, SIZE));
const prompts = images(3, 1);

test("similarities, maps and matches are those of a plain float64 loop over the tapped features", async ({
  backbone,
}) => {
  const encoder = new Encoder(backbone);
  using fitted = await fitImages(nearestPatch(encoder), prompts);
  /** Patches of each tapped block, image by image. */
  const tapsOf = async (of: ImageItem[]) => {
    const batches: Float32Array[][] = [];
    for await (const { taps, dispose } of encoder.encode(of)) {
      batches.push(await Promise.all(taps.map((tap) => tap.data())));
      dispose();
    }
    assert.is(batches.length, 1);
    return batches[0];
  };
  const { width } = backbone.config.vision;
  const queries = images(5, 1000);
  const [seen, given] = [await tapsOf(queries), await tapsOf(prompts)];
  for (const [i, view] of (await scoreWith(fitted, queries)).entries()) {
    assert.equal([view.map.rows, view.map.columns], [5, 5]);
    assert.equal(Object.keys(view.parts), ["peak"], "a part that is null is left out");
    assert.is(view.score, view.parts.peak);
    const map = new Float64Array(PATCHES);
    let deepest: { row: number; cosines: number[] }[] = [];
    for (const [b, tap] of seen.entries()) {
      deepest = [];
      for (let p = 0; p < PATCHES; p++) {
        const cosines = Array.from({ length: 3 * PATCHES }, (_, row) =>
          cosine(tap, (i * PATCHES + p) * width, given[b], row * width, width),
        );
        const best = Math.max(...cosines);
        map[p] += (0.5 * (1 - best)) / seen.length;
        deepest.push({ row: cosines.indexOf(best), cosines });
      }
    }
    assert.ok(maxError(view.map.values, map) < 1e-6, `map of ${i}`);
    assert.ok(Math.abs(view.score - Math.max(...map)) < 1e-6, `score of ${i}`);
    const matched = (p: number) => view.matches!.prompts[p] * PATCHES + view.matches!.patches[p];
    for (const [p, { row, cosines }] of deepest.entries()) {
      // Two rows may be equally near within float32.
      assert.ok(cosines[row] - cosines[matched(p)] < 1e-6, `match of patch ${p} of ${i}`);
    }
    const { queryPatch, prompt, patch } = bestMatch(view)!;
    assert.is(view.map.values[queryPatch], view.score);
    assert.is(prompt * PATCHES + patch, matched(queryPatch));
  }
});

test("a second batch may be recorded while one runs, and its features may be freed at once", async ({
  backbone,
}) => {
  using fitted = await fitImages(nearestPatch(new Encoder(backbone)), prompts);
  const queries = images(6, 1000);
  const encoder = new Encoder(backbone, { batch: 3 });
  const apart = await scoreWith(fitted, queries, encoder);
  const recorded: ReturnType<typeof scoreViews>[] = [];
  for await (const batch of encoder.encode(queries)) {
    recorded.push(scoreViews(fitted, batch));
    batch.dispose();
  }
  assert.equal((await Promise.all(recorded)).flat(), apart);
});

test("a method that cannot be prepared leaves nothing behind", async ({ backbone }) => {
  const detector = patchDetector({
    ...{ name: "fails", encoder: new Encoder(backbone), symmetries: 1, settings: async () => ({}) },
    prepare: () => Promise.reject(new Error("no text for that")),
  });
  const error = await fitImages(detector, prompts).catch((reason: Error) => reason);
  assert.instance(error, Error);
  assert.is((error as Error).message, "no text for that");
});

test("what a method prepares is freed with the fitted detector", async ({ backbone }) => {
  const inner = nearestPatch(new Encoder(backbone));
  const told: (string | undefined)[] = [];
  let freed = 0;
  const detector = patchDetector({
    ...{ name: "frees", encoder: inner.encoder, symmetries: 1, settings: async () => ({}) },
    prepare: (bank, { className }) => {
      told.push(className, String(bank.shots));
      return { run: () => assert.unreachable() as never, dispose: () => void freed++ };
    },
  });
  {
    using _ = await fitImages(detector, prompts, { className: "cable" });
    assert.is(freed, 0);
  }
  assert.is(freed, 1);
  assert.equal(told, ["cable", "3"]);
});

test.run();
