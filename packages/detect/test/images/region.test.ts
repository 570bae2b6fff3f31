import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePng } from "@inctrl/datasets";
import { throwsCode, writeImage } from "@inctrl/testing";
import { backboneTests } from "@inctrl/testing/device";
import { collect, scoreOne } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { REGION_SIDE, unpackRegion } from "../../src/images/region.js";
import {
  changePrompts,
  describeBank,
  Encoder,
  fileImage,
  fileImages,
  fitImages,
  imageFacts,
  packRegion,
  patchesInside,
  readRegion,
  regionOf,
  regionOfBox,
} from "../../src/index.js";
import { marked } from "../support/marked.js";
import { meanFeature } from "../support/mean-feature.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("regions");

const WHOLE = { x: 0, y: 0, width: 1, height: 1 };

test("a patch counts where at least half of it lies inside, wherever its view lies", () => {
  const left = regionOfBox({ x: 0, y: 0, width: 0.375, height: 1 });
  // Four columns of 25 pixels: the region ends in the middle of the second.
  const square = { box: { x: 0, y: 0, width: 100, height: 100 }, of: { width: 100, height: 100 } };
  assert.equal([...patchesInside(left, square, { rows: 1, columns: 4 })], [1, 1, 0, 0]);
  // The middle square of a wide image: its columns lie at 50 to 150 of 200 pixels, and the region ends at 75.
  const middle = { box: { x: 50, y: 0, width: 100, height: 100 }, of: { width: 200, height: 100 } };
  assert.equal([...patchesInside(left, middle, { rows: 1, columns: 4 })], [1, 0, 0, 0]);
  assert.equal([...patchesInside(regionOfBox(WHOLE), middle, { rows: 2, columns: 3 })], [1, 1, 1, 1, 1, 1]);
});

test("a mask of any size is scaled to each image, and text keeps every cell", () => {
  const checkers = regionOf([1, 0, 0, 1], { width: 2, height: 2 });
  const view = { box: { x: 0, y: 0, width: 640, height: 480 }, of: { width: 640, height: 480 } };
  assert.equal([...patchesInside(checkers, view, { rows: 2, columns: 2 })], [1, 0, 0, 1]);
  const large = regionOf(
    Uint8Array.from({ length: 1200 * 800 }, (_, i) => Number(i % 1200 < 600)),
    { width: 1200, height: 800 },
  );
  assert.equal([...patchesInside(large, view, { rows: 1, columns: 4 })], [1, 1, 0, 0]);
  const region = Uint8Array.from({ length: REGION_SIDE ** 2 }, (_, i) => Number((i * 2654435761) % 7 < 3));
  assert.equal(unpackRegion(packRegion(region)), region);
  for (const text of [
    "",
    "AAAA",
    packRegion(region).slice(4),
    packRegion(region.map(() => 0)),
    `${packRegion(region)}AAAA`,
  ])
    assert.is(unpackRegion(text), null);
});

test("boxes and masks of the command line become a region, and others are refused", async ({ folder }) => {
  const prompt = writeImage(folder, "wide.png", 1, 80, 40);
  const share = async (roi: string[], ignore: string[] = []) => {
    const region = (await readRegion({ roi, ignore }, [prompt])) as Uint8Array;
    return region.reduce((a, b) => a + b) / region.length;
  };
  assert.is(await readRegion({}, [prompt]), undefined);
  assert.is(await share(["20,0,40,40"]), 0.5);
  assert.is(await share(["25%, 0%, 50%, 50%"]), 0.25);
  assert.is(await share(["0%,0%,25%,100%", "50%,0%,25%,100%"]), 0.5, "several are joined");
  assert.is(await share(["0%,0%,50%,100%"], ["0%,0%,100%,50%"]), 0.25);
  const mask = join(folder, "mask.png");
  writeFileSync(mask, encodePng({ width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 255, 255, 255) }));
  assert.is(await share([mask]), 0.5);
  assert.is(await share([], [mask]), 0.5);
  const refused = (roi: string[], text: RegExp) => throwsCode(() => share(roi), "region", text);
  await refused(["0,0,81,40"], /box 0,0,81,40: .* it is 80 x 40 pixels large/);
  await refused(["0%,0%,50%,0%"], /it is 100% by 100% large/);
  await refused(["0,0,50%,10"], /all four numbers in pixels, or all in percent/);
  await throwsCode(() => share([mask], [mask]), "region", /leaves nothing of an image to look at/);
  const other = writeImage(folder, "other.png", 1, 40, 40);
  await throwsCode(
    () => readRegion({ roi: ["0,0,9,9"] }, [prompt, other]),
    "region",
    /the prompts have several sizes \(80 x 40, 40 x 40, \.\.\.\); give it in percent/,
  );
  await throwsCode(() => share([join(folder, "absent.png")]), "missing", /absent\.png/);
});

for (const fit of ["crop", "tile"] as const)
  test(`a defect counts inside and not outside, in a bank too; the whole image gives the same bits: ${fit}`, async ({
    folder,
    backbone,
  }) => {
    const detector = nearestPatch(new Encoder(backbone, { fit }), { symmetries: 1 });
    const [width, height] = fit === "crop" ? [64, 64] : [128, 64];
    const prompts = [1, 2].map((seed) => writeImage(folder, `${fit}-${seed}.png`, seed, width, height));
    // The right quarter counts.
    const region = regionOfBox({ x: 0.75, y: 0, width: 0.25, height: 1 });
    using plain = await fitImages(detector, fileImages(prompts));
    using whole = await fitImages(detector, fileImages(prompts), { region: regionOfBox(WHOLE) });
    using part = await fitImages(detector, fileImages(prompts), { region });
    const path = join(folder, `${fit}.safetensors`);
    await part.save(path);
    using loaded = await detector.load(path);
    const inside = marked(prompts[0], width - 14, 20, 12, join(folder, "inside"));
    const outside = marked(prompts[0], 4, 20, 12, join(folder, "outside"));
    for (const item of [inside, outside]) {
      const { pixels, ...all } = await scoreOne(plain, item);
      assert.equal(await scoreOne(whole, item), { ...all, pixels: { ...pixels, regional: true } });
    }
    // Facts of drift do not see what lies outside.
    const [within, without, prompt] = await Promise.all(
      [inside, outside, fileImage(prompts[0])].map(async (item) => {
        // Patches inside see the others by attention, so that the map's median moves a little.
        const { patches: _, ...others } = imageFacts(await scoreOne(part, item))!;
        return others;
      }),
    );
    assert.equal(without, prompt);
    assert.ok(within.contrast > without.contrast);
    for (const fitted of [part, loaded]) {
      assert.is((await scoreOne(fitted, inside)).score, (await scoreOne(plain, inside)).score);
      const away = await scoreOne(fitted, outside);
      const { views } = await scoreOne(plain, outside);
      // The columns of 16 pixels that lie in the right quarter: the last of four, or the last two of the second tile.
      const { map } = views[views.length - 1];
      const right = map.values.filter((_, i) => i % 4 >= (fit === "crop" ? 3 : 2));
      assert.is(away.score, Math.max(...right));
      assert.ok((await scoreOne(plain, outside)).score > 2 * away.score, "a plain detector sees it");
      const [first] = away.views;
      assert.ok(first.map.values.filter((_, i) => i % 4 < 3 || fit === "tile").every((value) => value === 0));
      if (fit === "tile") assert.is(first.outside, true);
    }
    assert.is((await describeBank(path)).regionShare, 0.25);
    const added = await changePrompts(
      { path, from: (await describeBank(path)).history.id, fitted: loaded, calibration: null },
      {
        add: [fileImage(writeImage(folder, "more.png", 9, width, height))],
        find: () => undefined,
        settings: {},
      },
    );
    assert.is(added.calibration, null, "prompts alone tell nothing where parts are left out");
    assert.is((await describeBank(path)).regionShare, 0.25);
  });

test("a region that no patch shows, and methods that look at more than the map, are refused", async ({
  folder,
  backbone,
}) => {
  const encoder = new Encoder(backbone);
  const prompts = [writeImage(folder, "strip.png", 1, 128, 32)];
  const region = regionOfBox({ x: 0, y: 0, width: 0.1, height: 1 });
  const detector = nearestPatch(encoder, { symmetries: 1 });
  using fitted = await fitImages(detector, fileImages(prompts), { region });
  // The middle square is seen, and the region lies left of it.
  const [result] = await collect(fitted, fileImages(prompts));
  assert.match(
    "error" in result ? result.error.message : "",
    /strip\.png: no patch of it lies in the region/,
  );
  const other = { ...meanFeature(encoder) };
  await throwsCode(
    () => fitImages(other, fileImages(prompts), { region }),
    "region",
    /mean-feature with these settings judges by more than the map/,
  );
  const path = join(folder, "refused.safetensors");
  await fitted.save(path);
  await throwsCode(
    () => nearestPatch(encoder, { symmetries: 1, region: false }).load(path),
    "region",
    /cannot leave parts of images out of account/,
  );
  assert.ok(readFileSync(path).length > 0);
});

test.run();
