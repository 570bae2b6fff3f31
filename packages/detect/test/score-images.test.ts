import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Device } from "@inctrl/tensor";
import { THREE_SHOT, writeImage } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import { collect, scored, scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import {
  bestMatch,
  Encoder,
  type EncoderOptions,
  type FittedDetector,
  fileImage,
  fileImages,
  fitImages,
  scoreImages,
} from "../src/index.js";
import { nearestPatch } from "./support/nearest-patch.js";

const test = deviceTests("scoring images");

/** Runs with detectors on the small fixture, fitted with two written images, for any batch size. */
async function withFitted(
  device: Device,
  folder: string,
  run: (fit: (batch?: number) => Promise<FittedDetector>) => Promise<void>,
  fit: EncoderOptions["fit"] = "crop",
): Promise<void> {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const prompts = [1, 2].map((seed) => writeImage(folder, `prompt-${seed}.png`, seed, 30));
  await run((batch) => fitImages(nearestPatch(new Encoder(backbone, { fit, batch })), fileImages(prompts)));
}

/** Eleven images of several shapes. */
const writeImages = (folder: string): string[] =>
  Array.from({ length: 11 }, (_, i) => writeImage(folder, `${i}.png`, 100 + i, 20 + i, 40 - 2 * i));

test("results come in the order of the source, the same at every batch size", async ({ device, folder }) => {
  await withFitted(device, folder, async (fit) => {
    const paths = writeImages(folder);
    using fitted = await fit();
    const all = await collect(fitted, fileImages(paths));
    assert.equal(
      all.map(({ image }) => image),
      paths,
    );
    for (const batch of [1, 3, 8, 11, 48]) {
      using other = await fit(batch);
      assert.equal(await collect(other, fileImages(paths)), all, `${batch}`);
    }
    for (const result of all.map(scored)) {
      const [view] = await scoreWith(fitted, [fileImage(result.image)]);
      assert.equal([result.score, result.parts], [view.score, view.parts]);
      assert.equal(result.views, [view]);
      assert.is(result.view, 0);
    }
    assert.equal(await collect(fitted, []), []);
  });
});

test("images that cannot be read come out in their place, named, and the others are scored", async ({
  device,
  folder,
}) => {
  await withFitted(device, folder, async (fit) => {
    const paths = writeImages(folder);
    const words = join(folder, "words.png");
    writeFileSync(words, "a text file");
    const cut = join(folder, "cut.png");
    const bytes = readFileSync(paths[0]);
    writeFileSync(cut, bytes.subarray(0, bytes.length - 300));
    const missing = join(folder, "missing.png");
    const mixed = [words, paths[0], cut, cut, ...paths.slice(1, 6), missing, paths[6], words];
    using fitted = await fit();
    const good = await collect(fitted, fileImages(paths.slice(0, 7)));
    for (const batch of [1, 2, 8]) {
      using other = await fit(batch);
      const results = await collect(other, fileImages(mixed));
      assert.equal(
        results.map(({ image }) => image),
        mixed,
      );
      assert.equal(
        results.filter((result) => !("error" in result)),
        good,
      );
      for (const result of results) {
        if (!("error" in result)) continue;
        const { message, code } = result.error as Error & { code: string };
        assert.ok(message.includes(result.image) && !message.includes("\n"), message);
        const codes = { [words]: "not-an-image", [cut]: "truncated", [missing]: "missing" };
        assert.is(code, codes[result.image]);
      }
    }
    const none = await collect(fitted, fileImages([words, cut, missing]));
    assert.ok(none.every((result) => "error" in result) && none.length === 3);
  });
});

test("no more than two batches are ever held, however the images come", async ({ device, folder }) => {
  await withFitted(device, folder, async (fit) => {
    const [image] = writeImages(folder);
    const bad = join(folder, "bad.png");
    writeFileSync(bad, "no image");
    let pulled = 0;
    let given = 0;
    let most = 0;
    async function* count(path: string, total: number) {
      for (let i = 0; i < total; i++) {
        pulled++;
        most = Math.max(most, pulled - given);
        yield fileImage(path);
      }
    }
    for (const batch of [1, 4]) {
      [pulled, given, most] = [0, 0, 0];
      using fitted = await fit(batch);
      for await (const _ of scoreImages(fitted, count(image, 21))) {
        given++;
        await setTimeout(1);
      }
      assert.is(given, 21);
      assert.is(most, 2 * batch);
    }
    // Of unreadable files only the names are held; those are bounded too.
    [pulled, given, most] = [0, 0, 0];
    using fitted = await fit(4);
    for await (const _ of scoreImages(fitted, count(bad, 100))) given++;
    assert.is(given, 100);
    assert.ok(most <= 32, `${most}`);
  });
});

test("an abort ends the run after the batches at work, and closes the source", async ({ device, folder }) => {
  await withFitted(device, folder, async (fit) => {
    const [image] = writeImages(folder);
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield fileImage(image);
      } finally {
        closed = true;
      }
    }
    const stop = new AbortController();
    let given = 0;
    using fitted = await fit(4);
    for await (const result of scoreImages(fitted, endless(), { signal: stop.signal })) {
      scored(result);
      if (++given === 6) stop.abort();
    }
    assert.ok(given >= 6 && given <= 16, `${given} results`);
    assert.ok(closed);
    assert.equal(await collect(fitted, endless(), { signal: AbortSignal.abort() }), []);
  });
});

test("a caller that stops listening leaves nothing behind", async ({ device, folder }) => {
  await withFitted(device, folder, async (fit) => {
    const paths = writeImages(folder);
    using fitted = await fit(2);
    // The bank is packed by the first score.
    await collect(fitted, fileImages(paths.slice(0, 1)));
    const before = device.memory().tensors;
    for await (const result of scoreImages(fitted, fileImages([...paths, ...paths]))) {
      scored(result);
      break;
    }
    assert.is(device.memory().tensors, before);
  });
});

test("a source that fails hands on its error after what was scored", async ({ device, folder }) => {
  await withFitted(device, folder, async (fit) => {
    const paths = writeImages(folder);
    async function* failing() {
      yield* fileImages(paths.slice(0, 5));
      throw new Error("the folder went away");
    }
    const given: string[] = [];
    using fitted = await fit(2);
    try {
      for await (const { image } of scoreImages(fitted, failing())) given.push(image);
      assert.unreachable("the error is lost");
    } catch (error) {
      assert.is((error as Error).message, "the folder went away");
    }
    assert.equal(given, paths.slice(0, given.length));
    assert.ok(given.length >= 2);
  });
});

test("squash sees the whole image, tile takes the most anomalous of its views", async ({
  device,
  folder,
}) => {
  const wide = [writeImage(folder, "wide.png", 5, 51, 17), writeImage(folder, "tall.png", 6, 20, 90)];
  await withFitted(
    device,
    folder,
    async (fit) => {
      using fitted = await fit();
      for (const result of (await collect(fitted, fileImages(wide))).map(scored)) {
        assert.is(result.views.length, 1);
        const { x, y, width, height } = result.views[0].box;
        assert.equal([x, y, width, height], result.image === wide[0] ? [0, 0, 51, 17] : [0, 0, 20, 90]);
      }
    },
    "squash",
  );
  await withFitted(
    device,
    folder,
    async (fit) => {
      using fitted = await fit(2);
      const results = (await collect(fitted, fileImages(wide))).map(scored);
      assert.equal(
        results.map(({ views }) => views.length),
        [3, 5],
      );
      for (const { image, views, view, score, parts } of results) {
        assert.is(score, Math.max(...views.map((one) => one.score)));
        assert.equal([views[view].score, views[view].parts], [score, parts]);
        assert.ok(bestMatch(views[view]) !== null);
        const apart = new Encoder(fitted.detector.encoder.backbone, { fit: "tile", batch: 1 });
        assert.equal(views, await scoreWith(fitted, [fileImage(image)], apart));
      }
      assert.equal(
        results[0].views.map(({ box }) => box.x),
        [0, 17, 34],
      );
      assert.is(results[1].views[4].box.y + results[1].views[4].box.height, 90);
    },
    "tile",
  );
});

test("300 images leave no tensor and no more memory than the first ones", async ({ device, folder }) => {
  await withFitted(device, folder, async (fit) => {
    const paths = writeImages(folder);
    using fitted = await fit();
    await collect(fitted, fileImages(paths));
    await device.sync();
    const before = device.memory();
    let count = 0;
    let most = 0;
    const many = Array.from({ length: 300 }, (_, i) => paths[i % paths.length]);
    for await (const result of scoreImages(fitted, fileImages(many))) {
      scored(result);
      count++;
      most = Math.max(most, device.memory().tensors);
    }
    await device.sync();
    const after = device.memory();
    assert.is(count, 300);
    assert.is(after.tensors, before.tensors);
    assert.is(after.bytes, before.bytes);
    // Two batches of results at most wait to be read, seven tensors each.
    assert.ok(most - before.tensors <= 14, `${most - before.tensors} tensors in flight`);
    assert.ok(
      after.pooledBytes <= 2 * before.pooledBytes,
      `${before.pooledBytes} to ${after.pooledBytes} idle bytes`,
    );
  });
});

test.run();
