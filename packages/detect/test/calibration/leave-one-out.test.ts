import { maxError, randomImage } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import { encodedPrompts, scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { Encoder, fitImages, leaveOneOut } from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("leaving a prompt out");

for (const [fit, symmetries] of [
  ["crop", 1],
  ["crop", 8],
  ["tile", 1],
] as const)
  test(`each prompt is scored as an image by the others: ${fit}, ${symmetries} symmetries`, async ({
    device,
  }) => {
    using backbone = await fixtureBackbone(device);
    const images = [0, 1, 2].map((seed) => randomImage(seed, 71, fit === "tile" ? 120 : 71));
    const detector = nearestPatch(new Encoder(backbone, { fit }), { symmetries, largest: 3 });
    using prompts = await encodedPrompts(detector.encoder, images, { symmetries });
    const seen = await leaveOneOut(detector, prompts);
    const want = [];
    for (const image of images) {
      using fitted = await fitImages(
        detector,
        images.filter((each) => each !== image),
      );
      want.push(await scoreWith(fitted, [image]));
    }
    const scores = want.map((views) => Math.max(...views.map(({ score }) => score)));
    const peaks = want.map((views) => Math.max(...views.flatMap(({ map }) => [...map.values])));
    assert.ok(
      maxError(
        seen!.map(({ score }) => score),
        scores,
      ) < 1e-6,
    );
    assert.ok(
      maxError(
        seen!.map(({ peak }) => peak),
        peaks,
      ) < 1e-6,
    );
    assert.is(await leaveOneOut(detector, prompts.slice(0, 1)), null, "one prompt alone");
  });

test.run();
