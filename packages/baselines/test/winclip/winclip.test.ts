import { join } from "node:path";
import { type Detector, Encoder, type FittedDetector, fitImages, type VitBackbone } from "@inctrl/detect";
import { maxError, product, randomImage, throwsCode } from "@inctrl/testing";
import { deviceTests, smallBackbone, textBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { clipTextDetector } from "../../src/clip-text/clip-text.js";
import { type WinclipOptions, winclipDetector, windowInput } from "../../src/winclip/winclip.js";

const test = deviceTests("WinCLIP");
const OPTIONS: WinclipOptions = {
  ...{ ensemble: "winclip", average: "unit", patchTokens: "raw", mode: "few-shot" },
};
const PROMPTS = [randomImage(1, 32), product("wood", 1, false)];
const QUERIES = [product("wood", 5, true), PROMPTS[1], randomImage(3, 40, 32)];
const ABOUT = { className: "wood" };

function open(backbone: VitBackbone, options: Partial<WinclipOptions> = {}): Detector {
  const chosen = { ...OPTIONS, ...options };
  return winclipDetector(new Encoder(backbone, windowInput("winclip", backbone, chosen.patchTokens)), chosen);
}

const facts = async (fitted: FittedDetector) =>
  (await scoreWith(fitted, QUERIES)).map(({ score, parts, map, matches }) => {
    return { score, parts, map: [...map.values], matches };
  });

test("a prompt's own map is 0, its nearest patches are its own, and its score is half its text score", async ({
  device,
  folder,
}) => {
  using backbone = await textBackbone(device, folder);
  using fitted = await fitImages(open(backbone), PROMPTS, ABOUT);
  const [bad, own] = await facts(fitted);
  assert.ok(own.parts.visual < 2e-6, `${own.parts.visual}`);
  assert.ok(Math.abs(own.score - own.parts.text / 2) < 2e-6);
  assert.equal([...own.matches!.prompts], new Array(16).fill(1));
  assert.equal([...own.matches!.patches], [...new Array(16).keys()]);
  assert.ok(bad.parts.visual > 1e-3, `${bad.parts.visual}`);
});

test("a bank of other texts and other patches is refused", async ({ device, folder }) => {
  using backbone = await textBackbone(device, folder);
  using fitted = await fitImages(open(backbone), PROMPTS, ABOUT);
  const path = join(folder, "bank.safetensors");
  await fitted.save(path);
  for (const [options, text] of [
    [{ ensemble: "pair" }, /holds "winclip winclip\/unit" and not what winclip pair\/unit needs/],
    [{ patchTokens: "ln_post" }, /holds blocks 2, window.2, window.3 and norm, window.2, window.3/],
  ] as const)
    await throwsCode(() => open(backbone, options).load(path), "bank", text);
});

test("zero-shot, the image's score is CLIP's own, and no prompt changes it or its map", async ({
  device,
  folder,
}) => {
  using backbone = await textBackbone(device, folder);
  const zero = open(backbone, { mode: "zero-shot", average: "raw", temperature: 0.07 });
  using fitted = await fitImages(zero, PROMPTS, ABOUT);
  using other = await fitImages(zero, [randomImage(8, 32)], ABOUT);
  const found = await facts(fitted);
  assert.equal(await facts(other), found);
  const text = clipTextDetector(new Encoder(backbone), {
    ...{ ensemble: "winclip", average: "raw", temperature: 0.07 },
  });
  using plain = await fitImages(text, PROMPTS, ABOUT);
  const scores = (await facts(plain)).map(({ score }) => score);
  assert.ok(
    maxError(
      scores,
      found.map(({ score }) => score),
    ) < 1e-6,
  );
  const path = join(folder, "text.safetensors");
  await plain.save(path);
  using loaded = await text.load(path);
  assert.equal(
    (await facts(loaded)).map(({ score }) => score),
    scores,
  );
});

test("a backbone without text and a class that nobody names are refused", async ({ device, folder }) => {
  using plain = await smallBackbone(device);
  await throwsCode(() => windowInput("winclip", plain, "raw"), "backbone", /knows none; take a CLIP model/);
  using backbone = await textBackbone(device, folder);
  await throwsCode(
    () => fitImages(open(backbone), PROMPTS),
    "class-name",
    /nobody says what the images show/,
  );
});

test.run();
