import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FEW_SHOT, maxError, randomImage, THREE_SHOT, throwsCode, writeImage } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import { encodedPrompts } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { Encoder, fileImage, fileImages, listFewShot } from "../../src/index.js";

const test = backboneTests("prompts", (device) => fixtureBackbone(device, THREE_SHOT));
const PATCHES = 9;
const WIDTH = 10;

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

test("prompts carry their path, sha256 and views; an unreadable one stops everything", async ({
  folder,
  backbone,
}) => {
  const encoder = new Encoder(backbone, { fit: "tile" });
  const path = writeImage(folder, "wide.png", 1, 60, 20);
  using prompts = await encodedPrompts(encoder, fileImages([path]));
  assert.equal(
    prompts.map(({ name, sha256: hash, views }) => [name, hash, views]),
    [[path, sha256(path), 3]],
  );
  assert.equal(prompts[0].features.shape, [3, 11]);
  assert.equal(
    prompts[0].rows.map(({ shape }) => shape),
    [
      [3 * PATCHES, WIDTH],
      [3 * PATCHES, WIDTH],
    ],
  );
  const text = join(folder, "words.png");
  writeFileSync(text, "no picture at all");
  await throwsCode(() => encodedPrompts(encoder, fileImages([path, text])), "not-an-image", /words\.png/);
});

test("an unreadable one is told and left out where somebody listens", async ({ folder, backbone }) => {
  const [first, second] = [writeImage(folder, "first.png", 1, 20), writeImage(folder, "second.png", 2, 20)];
  const text = join(folder, "left-out.png");
  writeFileSync(text, "no picture at all");
  const told: string[] = [];
  using prompts = await encodedPrompts(
    new Encoder(backbone, { batch: 1 }),
    fileImages([first, text, second]),
    {
      onSkipped: ({ id }, error) => told.push(id, error.name),
    },
  );
  assert.equal(told, [text, "ImageError"]);
  assert.equal(
    prompts.map(({ name }) => name),
    [first, second],
  );
});

test("patches have length 1, in every symmetry; class features are of the view as it is", async ({
  backbone,
}) => {
  const images = [randomImage(1, 17), randomImage(2, 34, 17)];
  using plain = await encodedPrompts(new Encoder(backbone, { fit: "tile" }), images);
  for (const batch of [1, 3, 64]) {
    using turned = await encodedPrompts(new Encoder(backbone, { fit: "tile", batch }), images, {
      symmetries: 8,
    });
    for (const [i, prompt] of turned.entries()) {
      assert.is(prompt.views, i + 1);
      assert.ok(maxError(await prompt.features.data(), await plain[i].features.data()) < 1e-6);
      for (const [b, rows] of prompt.rows.entries()) {
        assert.equal(rows.shape, [(i + 1) * 8 * PATCHES, WIDTH]);
        const values = await rows.data();
        for (let row = 0; row < rows.shape[0]; row++)
          assert.ok(Math.abs(Math.hypot(...values.subarray(row * WIDTH, (row + 1) * WIDTH)) - 1) < 1e-6);
        const own = await plain[i].rows[b].data();
        for (let view = 0; view <= i; view++) {
          const size = PATCHES * WIDTH;
          const first = values.subarray(view * 8 * size, (view * 8 + 1) * size);
          assert.ok(maxError(first, own.subarray(view * size, (view + 1) * size)) < 1e-6);
        }
      }
    }
  }
});

test("a prompt that changes after it was hashed is refused: a bank holds the features of the bytes it names", async ({
  folder,
  backbone,
}) => {
  const path = writeImage(folder, "late.png", 1, 8);
  const prompt = {
    ...fileImage(path),
    async sha256() {
      const hash = sha256(path);
      writeImage(folder, "late.png", 2, 8);
      return hash;
    },
  };
  await throwsCode(
    () => encodedPrompts(new Encoder(backbone), [prompt]),
    "changed",
    /late\.png: its bytes changed/,
  );
});

test("prompts of a few-shot file have the hash of their file", async ({ backbone }) => {
  const names = await listFewShot(FEW_SHOT);
  using prompts = await encodedPrompts(new Encoder(backbone), fileImages(names));
  assert.equal(
    prompts.map(({ name, sha256: hash }) => [name, hash]),
    names.map((name) => [name, sha256(FEW_SHOT)]),
  );
});

test.run();
