import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { prepareImage } from "@inctrl/clip";
import { decodeImage } from "@inctrl/datasets";
import type { Device } from "@inctrl/tensor";
import * as assert from "uvu/assert";
import {
  type ImageFailure,
  type ImageScore,
  PromptBank,
  prepareFile,
  readPrompts,
  type ScoreImagesOptions,
  Scorer,
  scoreImages,
} from "../src/index.js";
import { deviceTests, fixtureBackbone, THREE_SHOT, throwsCode, writeImage } from "./support.js";

const test = deviceTests("scoring image files");

type Fit = PromptBank["fit"];

/** Runs with a scorer on the small fixture, its prompts two written images. */
async function withScorer(
  device: Device,
  folder: string,
  run: (scorer: Scorer) => Promise<void>,
  fit: Fit = "crop",
): Promise<void> {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const paths = [1, 2].map((seed) => writeImage(folder, `prompt-${seed}.png`, seed, 30));
  using bank = await PromptBank.encode(backbone, await readPrompts(paths, backbone, fit), { fit });
  using scorer = new Scorer({ backbone, bank });
  await run(scorer);
}

/** Eleven images of several shapes. */
const writeImages = (folder: string): string[] =>
  Array.from({ length: 11 }, (_, i) => writeImage(folder, `${i}.png`, 100 + i, 20 + i, 40 - 2 * i));

async function collect(
  scorer: Scorer,
  paths: Iterable<string> | AsyncIterable<string>,
  options?: ScoreImagesOptions,
): Promise<(ImageScore | ImageFailure)[]> {
  const results: (ImageScore | ImageFailure)[] = [];
  for await (const result of scoreImages(scorer, paths, options)) results.push(result);
  return results;
}

const scored = (result: ImageScore | ImageFailure): ImageScore => {
  if ("error" in result) throw result.error;
  return result;
};

test("prompts carry their path, sha256 and views; an unreadable one stops everything", async ({
  device,
  folder,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const path = writeImage(folder, "wide.png", 1, 60, 20);
  const [prompt] = await readPrompts([path], backbone, "tile");
  assert.is(prompt.name, path);
  assert.is(prompt.sha256, createHash("sha256").update(readFileSync(path)).digest("hex"));
  assert.equal(prompt.views, await prepareFile(path, backbone, "tile"));
  assert.is(prompt.views.length, 3);
  const text = join(folder, "words.png");
  writeFileSync(text, "no picture at all");
  await throwsCode(() => readPrompts([path, text], backbone, "crop"), "not-an-image", /words\.png/);
});

test("results come in the order of the paths, the same at every batch size", async ({ device, folder }) => {
  await withScorer(device, folder, async (scorer) => {
    const paths = writeImages(folder);
    const eight = await collect(scorer, paths);
    assert.equal(
      eight.map(({ image }) => image),
      paths,
    );
    for (const batch of [1, 3, 11, 48])
      assert.equal(await collect(scorer, paths, { batch }), eight, `${batch}`);
    const config = scorer.backbone.config.preprocess;
    for (const result of eight.map(scored)) {
      const [view] = await scorer.score(prepareImage(await decodeImage(result.image), config));
      assert.equal([result.score, result.residual, result.match], [view.score, view.residual, view.match]);
      assert.equal(result.views, [view]);
      assert.is(result.view, 0);
    }
    assert.equal(await collect(scorer, []), []);
  });
});

test("images that cannot be read come out in their place, named, and the others are scored", async ({
  device,
  folder,
}) => {
  await withScorer(device, folder, async (scorer) => {
    const paths = writeImages(folder);
    const words = join(folder, "words.png");
    writeFileSync(words, "a text file");
    const cut = join(folder, "cut.png");
    const bytes = readFileSync(paths[0]);
    writeFileSync(cut, bytes.subarray(0, bytes.length - 300));
    const missing = join(folder, "missing.png");
    const mixed = [words, paths[0], cut, cut, ...paths.slice(1, 6), missing, paths[6], words];
    const good = await collect(scorer, paths.slice(0, 7));
    for (const batch of [1, 2, 8]) {
      const results = await collect(scorer, mixed, { batch });
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
    const none = await collect(scorer, [words, cut, missing]);
    assert.ok(none.every((result) => "error" in result) && none.length === 3);
  });
});

test("no more than two batches are ever held, however the paths come", async ({ device, folder }) => {
  await withScorer(device, folder, async (scorer) => {
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
        yield path;
      }
    }
    for (const batch of [1, 4]) {
      [pulled, given, most] = [0, 0, 0];
      for await (const _ of scoreImages(scorer, count(image, 21), { batch })) {
        given++;
        await setTimeout(1);
      }
      assert.is(given, 21);
      assert.is(most, 2 * batch);
    }
    // Of unreadable files only the names are held; those are bounded too.
    [pulled, given, most] = [0, 0, 0];
    for await (const _ of scoreImages(scorer, count(bad, 100), { batch: 4 })) given++;
    assert.is(given, 100);
    assert.ok(most <= 32, `${most}`);
  });
});

test("an abort ends the run after the batches at work, and closes the list of paths", async ({
  device,
  folder,
}) => {
  await withScorer(device, folder, async (scorer) => {
    const [image] = writeImages(folder);
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield image;
      } finally {
        closed = true;
      }
    }
    const stop = new AbortController();
    let given = 0;
    for await (const result of scoreImages(scorer, endless(), { batch: 4, signal: stop.signal })) {
      scored(result);
      if (++given === 6) stop.abort();
    }
    assert.ok(given >= 6 && given <= 16, `${given} results`);
    assert.ok(closed);
    assert.equal(await collect(scorer, endless(), { signal: AbortSignal.abort() }), []);
  });
});

test("a caller that stops listening leaves nothing behind", async ({ device, folder }) => {
  await withScorer(device, folder, async (scorer) => {
    const paths = writeImages(folder);
    const before = device.memory().tensors;
    for await (const result of scoreImages(scorer, [...paths, ...paths], { batch: 2 })) {
      scored(result);
      break;
    }
    assert.is(device.memory().tensors, before);
  });
});

test("a list of paths that fails hands on its error after what was scored", async ({ device, folder }) => {
  await withScorer(device, folder, async (scorer) => {
    const paths = writeImages(folder);
    async function* failing() {
      yield* paths.slice(0, 5);
      throw new Error("the folder went away");
    }
    const given: string[] = [];
    try {
      for await (const { image } of scoreImages(scorer, failing(), { batch: 2 })) given.push(image);
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
  await withScorer(
    device,
    folder,
    async (scorer) => {
      for (const result of (await collect(scorer, wide)).map(scored)) {
        assert.is(result.views.length, 1);
        const { x, y, width, height } = result.views[0].box;
        assert.equal([x, y, width, height], result.image === wide[0] ? [0, 0, 51, 17] : [0, 0, 20, 90]);
      }
    },
    "squash",
  );
  await withScorer(
    device,
    folder,
    async (scorer) => {
      const results = (await collect(scorer, wide, { batch: 2 })).map(scored);
      assert.equal(
        results.map(({ views }) => views.length),
        [3, 5],
      );
      for (const { image, views, view, score, residual, match } of results) {
        assert.is(score, Math.max(...views.map((one) => one.score)));
        assert.equal([views[view].score, views[view].residual, views[view].match], [score, residual, match]);
        const apart = await Promise.all(
          (await prepareFile(image, scorer.backbone, "tile")).map((one) => scorer.score([one])),
        );
        assert.equal(views, apart.flat());
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
  await withScorer(device, folder, async (scorer) => {
    const paths = writeImages(folder);
    await collect(scorer, paths);
    await device.sync();
    const before = device.memory();
    let count = 0;
    let most = 0;
    const many = Array.from({ length: 300 }, (_, i) => paths[i % paths.length]);
    for await (const result of scoreImages(scorer, many)) {
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
