import { join } from "node:path";
import { FEW_SHOT, PATCH14, throwsCode } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fewShotSamples, listFewShot, readFewShot } from "../../src/images/few-shot.js";

const test = suite("few-shot");

/** As golden/make_few_shot.py draws it. */
const pixel = (k: number, c: number, y: number, x: number) => (37 * x + 59 * y + 83 * c + 101 * k) % 256;

test("every pixel comes back as it was before preprocessing", async () => {
  assert.equal(await listFewShot(FEW_SHOT), [`${FEW_SHOT}#000`, `${FEW_SHOT}#001`]);
  for (const k of [0, 1]) {
    const { width, height, mode, data } = await readFewShot(FEW_SHOT, k);
    assert.equal([width, height, mode, data.length], [9, 9, "RGB", 243]);
    data.forEach((value, i) => {
      const [at, c] = [Math.floor(i / 3), i % 3];
      assert.is(value, pixel(k, c, Math.floor(at / 9), at % 9), `image ${k}, value ${i}`);
    });
  }
});

test("as normal samples of a category, named without folders", async () => {
  const samples = await fewShotSamples(FEW_SHOT);
  assert.equal(
    samples.map(({ id, label, kind }) => [id, label, kind]),
    [
      ["few-shot.pt#000", 0, "good"],
      ["few-shot.pt#001", 0, "good"],
    ],
  );
  assert.equal(await samples[1].load(), await readFewShot(FEW_SHOT, 1));
});

test("what is no few-shot file is refused in one line", async () => {
  await throwsCode(() => readFewShot(FEW_SHOT, 2), "few-shot", /few-shot\.pt: has no image 2$/);
  await throwsCode(
    () => listFewShot(join(PATCH14, "inctrl.pyth")),
    "few-shot",
    /inctrl\.pyth: is no few-shot file \(".*" is \[.*\]\); give a list of 1 to 1000 preprocessed images/,
  );
  await throwsCode(() => listFewShot(join(PATCH14, "config.json")), "file-format", /config\.json/);
});

test.run();
