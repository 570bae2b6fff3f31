import type { PreparedImage } from "@inctrl/clip";
import { mul, scope, tensor } from "@inctrl/tensor";
import { THREE_SHOT, throwsCode, writeImage } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import { collect } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import {
  type DetectError,
  type Detection,
  Encoder,
  type FittedDetector,
  fileImages,
  fitImages,
  type ImageFailure,
} from "../src/index.js";
import { nearestPatch } from "./support/nearest-patch.js";

const test = backboneTests("what is not finite", (device) => fixtureBackbone(device, THREE_SHOT));

test("what is not finite is refused by the image's name: its score, its map, a part, or the features it stands on", async ({
  folder,
  backbone,
}) => {
  const paths = [1, 2, 3, 4].map((seed) => writeImage(folder, `${seed}.png`, seed, 30));
  using fitted = await fitImages(
    nearestPatch(new Encoder(backbone, { batch: 4 })),
    fileImages(paths.slice(0, 2)),
  );
  /** The same, with the third image's view spoilt. */
  const spoiltBy = (spoil: (found: Detection) => Detection): FittedDetector => ({
    ...fitted,
    score: async (...args) => (await fitted.score(...args)).map((one, i) => (i === 2 ? spoil(one) : one)),
  });
  const cases: FittedDetector[] = [
    spoiltBy((one) => ({ ...one, score: Number.NaN })),
    spoiltBy((one) => ({ ...one, score: Number.POSITIVE_INFINITY })),
    spoiltBy((one) => ({ ...one, parts: { s_p: Number.NaN } })),
    spoiltBy((one) => ({
      ...one,
      map: { ...one.map, values: one.map.values.map((value, at) => (at === 3 ? Number.NaN : value)) },
    })),
    { ...fitted, detector: { ...fitted.detector, encoder: new Spoilt(backbone, { batch: 4 }) } },
  ];
  for (const each of cases) {
    const results = await collect(each, fileImages(paths));
    assert.equal(
      results.map((result) => "error" in result),
      [false, false, true, false],
    );
    const { error } = results[2] as ImageFailure;
    assert.is((error as DetectError).code, "score");
    assert.is(error.message, `${paths[2]}: the model gives no finite score; check its weights`);
  }
  const encoder = new Spoilt(backbone, { batch: 4 });
  await throwsCode(
    () => fitImages(nearestPatch(encoder), fileImages(paths)),
    "score",
    new RegExp(`${paths[2]}: the model gives no finite features; check its weights`),
  );
});

/** An encoder that overflows in the patches of the third view. */
class Spoilt extends Encoder {
  protected override run(views: readonly PreparedImage[]) {
    return scope(() => {
      const { taps, ...rest } = super.run(views);
      const factor = tensor(
        this.backbone.device,
        views.map((_, i) => (i === 2 ? 3e38 : 1)),
        [views.length, 1, 1],
      );
      return { ...rest, taps: taps.map((tap) => mul(mul(tap, factor), factor)) };
    });
  }
}

test.run();
