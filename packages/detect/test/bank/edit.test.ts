import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openSafetensors } from "@inctrl/tensor";
import { throwsCode, writeImage } from "@inctrl/testing";
import { backboneTests } from "@inctrl/testing/device";
import { collect, scored } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import {
  addGoodImages,
  type Calibration,
  calibrationEntry,
  changePrompts,
  type Detector,
  describeBank,
  Encoder,
  fileImage,
  fileImages,
  fitImages,
  foundOf,
  judgeOf,
  placeOf,
  readHistory,
  removeGoodImages,
  undoBank,
  type VitBackbone,
} from "../../src/index.js";
import { meanFeature } from "../support/mean-feature.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("changing banks");

/** Eight images of a folder; all but the first four are good ones of a line. */
const imagesIn = (folder: string): string[] =>
  Array.from({ length: 8 }, (_, i) => writeImage(folder, `${i}.png`, i, 40));

const SETTINGS = { of: "this test" };

const lineOf = (images: Calibration["images"]): Calibration => ({
  ...{ version: 1, alpha: 0.3, review: 0.4, settings: SETTINGS, made: "2026-01-01T00:00:00.000Z" },
  images,
});

/** The images of a line, scored by a detector that is fitted with these prompts. */
async function goodOf(detector: Detector, prompts: readonly string[], names: readonly string[]) {
  using fitted = await fitImages(detector, fileImages(prompts));
  const results = (await collect(fitted, fileImages(names))).map(scored);
  return await Promise.all(
    results.map(async (result) => {
      const { image } = result;
      const sha256 = (await fileImage(image).sha256?.()) ?? null;
      return { name: image, sha256, part: image, ...foundOf(result) };
    }),
  );
}

/** A bank's file of these prompts, with a line of these images. */
async function madeBank(
  path: string,
  detector: Detector,
  prompts: readonly string[],
  good: readonly string[] = [],
) {
  using fitted = await fitImages(detector, fileImages(prompts));
  const images = good.length > 0 ? await goodOf(detector, prompts, good) : [];
  await fitted.save(path, images.length > 0 ? calibrationEntry(lineOf(images)) : {});
}

/** A bank with all that a change takes. */
async function opened(path: string, detector: Detector) {
  const { calibration, history } = await describeBank(path);
  return { path, from: history.id, fitted: await detector.load(path), calibration };
}

/** Finds images among some files by their sums. */
async function finder(names: readonly string[]) {
  const known = new Map(
    await Promise.all(names.map(async (name) => [await fileImage(name).sha256?.(), name] as const)),
  );
  return (sha256: string) => (known.has(sha256) ? fileImage(known.get(sha256) as string) : undefined);
}

const nothing = () => undefined;

async function tensorsOf(path: string) {
  await using file = await openSafetensors(path);
  return Object.fromEntries(
    await Promise.all(
      [...file.tensors.keys()].map(async (name) => [name, await file.readFloat32(name)] as const),
    ),
  );
}

/** Adds a test of a bank of the first images, and of a line of `good` images from the fifth on. */
function testBank(
  title: string,
  { prompts = 2, good }: { prompts?: number; good: number },
  run: (given: {
    readonly backbone: VitBackbone;
    readonly folder: string;
    readonly images: readonly string[];
    readonly detector: Detector;
    readonly bank: Awaited<ReturnType<typeof opened>>;
  }) => Promise<void>,
): void {
  test(title, async ({ folder, backbone }) => {
    const detector = nearestPatch(new Encoder(backbone), { symmetries: 1 });
    const images = imagesIn(folder);
    const path = join(folder, `${prompts}-${good}.safetensors`);
    await madeBank(path, detector, images.slice(0, prompts), images.slice(4, 4 + good));
    const bank = await opened(path, detector);
    using _ = bank.fitted;
    await run({ backbone, folder, images, detector, bank });
  });
}

for (const [name, make, symmetries] of [
  ["a method that keeps patches", nearestPatch, 8],
  ["a method that keeps none", meanFeature, 1],
] as const)
  test(`prompts added and removed give the bank that all of them make at once: ${name}`, async ({
    folder,
    backbone,
  }) => {
    const detector = make(new Encoder(backbone), { symmetries });
    const images = imagesIn(folder);
    const [path, whole] = [join(folder, `${detector.name}.safetensors`), join(folder, "whole.safetensors")];
    const good = images.slice(4);
    await madeBank(path, detector, images.slice(0, 2), good);
    const before = readFileSync(path);
    const bank = await opened(path, detector);
    const find = await finder([...good, ...images.slice(0, 3)]);
    const add = images.slice(2, 4).map((file) => fileImage(file));
    const made = await changePrompts(bank, { add, find, settings: SETTINGS });
    bank.fitted.dispose();
    await madeBank(whole, detector, images.slice(0, 4));
    assert.equal(await tensorsOf(path), await tensorsOf(whole));
    const { info, calibration, history } = await describeBank(path);
    assert.equal(info.prompts, (await describeBank(whole)).info.prompts);
    assert.equal(
      calibration?.images,
      await goodOf(detector, images.slice(0, 4), good),
      "the line stands on new scores",
    );
    assert.equal(
      made.change.images.map(({ name }) => name),
      images.slice(2, 4),
    );
    assert.equal([history.version, history.changes[0].what], [2, "prompts added"]);

    const again = await opened(path, detector);
    await changePrompts(again, {
      remove: new Set([0, 3]),
      removeGood: new Set([1]),
      find,
      settings: SETTINGS,
    });
    again.fitted.dispose();
    const kept = [images[1], images[2]];
    await madeBank(whole, detector, kept);
    assert.equal(await tensorsOf(path), await tensorsOf(whole));
    const after = await describeBank(path);
    assert.equal(after.calibration?.images, await goodOf(detector, kept, [good[0], good[2], good[3]]));
    assert.equal((await undoBank(path)).version, 3);
    assert.equal((await undoBank(path)).what, "prompts added");
    assert.ok(readFileSync(path).equals(before), "the bytes of the first version");
    await throwsCode(() => undoBank(path), "bank", /was never changed; there is nothing to take back/);
  });

testBank(
  "a false alarm that joins the line moves it, and goes again by name",
  { good: 3 },
  async ({ images, detector, bank }) => {
    const { path } = bank;
    const { calibration } = await addGoodImages(bank, [fileImage(images[7])]);
    assert.equal(calibration?.images, await goodOf(detector, images.slice(0, 2), images.slice(4)));
    // Of four parts floor(0.3 * 5) = 1 may lie above the line, so that it is the largest score.
    const { line } = judgeOf(calibration as Calibration);
    assert.equal(
      [line.n, line.threshold],
      [4, Math.max(...(calibration?.images ?? []).map(({ score }) => score))],
    );
    const known = async () => {
      const { info, calibration } = await describeBank(path);
      return { prompts: info.prompts, calibration };
    };
    assert.equal(placeOf(path, await known(), "7.png"), { of: "calibration", at: 3 });
    const sum = (await fileImage(images[7]).sha256?.()) as string;
    assert.equal(placeOf(path, await known(), sum.slice(0, 8)), { of: "calibration", at: 3 });
    assert.equal(placeOf(path, await known(), images[1]), { of: "prompts", at: 1 });
    const { history, calibration: now, info } = await describeBank(path);
    const removed = await removeGoodImages(
      { path, from: history.id, fitted: info, calibration: now },
      new Set([3]),
    );
    assert.is(removed.calibration?.images.length, 3);
    assert.equal(removed.change.images, [{ name: images[7], sha256: sum }]);
  },
);

testBank(
  "what may not be is refused, and the bank stays as it was",
  { good: 2 },
  async ({ backbone, folder, images, bank }) => {
    const { path } = bank;
    const before = readFileSync(path);
    const copy = join(folder, "copy.png");
    copyFileSync(images[1], copy);
    const change = (edit: Partial<Parameters<typeof changePrompts>[1]>, on = bank) =>
      changePrompts(on, { find: nothing, settings: SETTINGS, ...edit });
    const asPrompt = (...files: string[]) => change({ add: files.map((file) => fileImage(file)) });
    await throwsCode(() => asPrompt(copy), "bank", /copy\.png is a prompt already, .*1\.png; leave it out/);
    await throwsCode(() => asPrompt(images[4]), "bank", /4\.png is a calibration image already/);
    await throwsCode(() => asPrompt(images[7], images[7]), "bank", /7\.png is given twice/);
    await throwsCode(
      () => asPrompt(images[7]),
      "images",
      /other prompts change all scores, and the line's 2 images must be scored again; 2 files are not found by sha256 \(.*4\.png/,
    );
    await throwsCode(
      () => change({ remove: new Set([0, 1]) }),
      "shots",
      /would have no prompt left; keep one/,
    );
    await throwsCode(() => addGoodImages(bank, [fileImage(copy)]), "bank", /copy\.png is a prompt already/);
    const broken = join(folder, "broken.png");
    copyFileSync(path, broken);
    await throwsCode(
      () => addGoodImages(bank, [fileImage(broken)]),
      "calibration",
      /broken\.png: .*; a line needs the score of each image/,
    );
    await throwsCode(
      () => removeGoodImages(bank, new Set([0, 1])),
      "calibration",
      /its line would have no image left; keep one/,
    );
    const bare = { ...bank, calibration: null };
    await throwsCode(() => addGoodImages(bare, [fileImage(images[7])]), "calibration", /has no line that/);
    const known = { prompts: bank.fitted.prompts, calibration: bank.calibration };
    await throwsCode(() => placeOf(path, known, "absent.png"), "bank", /has no image absent\.png/);
    const twins = { prompts: [...known.prompts, known.prompts[0]], calibration: null };
    await throwsCode(
      () => placeOf(path, twins, "0.png"),
      "bank",
      /has 2 images called 0\.png; give the sha256/,
    );
    const other = { ...bare, from: "another" };
    await throwsCode(
      () => change({ add: [fileImage(images[7])] }, other),
      "bank",
      /was changed by another run meanwhile; run this again/,
    );
    assert.ok(readFileSync(path).equals(before));
    assert.is((await readHistory(path)).version, 1);

    const mean = meanFeature(new Encoder(backbone));
    const kept = join(folder, "mean.safetensors");
    await madeBank(kept, mean, images.slice(0, 2));
    const without = await opened(kept, mean);
    await throwsCode(
      () => change({ add: [fileImage(images[7])] }, without),
      "images",
      /mean-feature keeps no patches of its prompts and is fitted with all of them again; 2 files are not found/,
    );
    without.fitted.dispose();
  },
);

testBank(
  "a bank without a line tells what the new prompts alone tell",
  { prompts: 1, good: 0 },
  async ({ images, detector, bank }) => {
    const add = [fileImage(images[1])];
    const { calibration } = await changePrompts(bank, { add, find: nothing, settings: SETTINGS });
    assert.equal([calibration?.hint, calibration?.images.length, calibration?.settings], [true, 2, SETTINGS]);
    const [first] = await goodOf(detector, [images[1]], [images[0]]);
    // Patches of prompts were brought to length 1 once more.
    assert.ok(Math.abs((calibration?.images[0].score ?? 0) - first.score) < 1e-6);
  },
);

test.run();
