import { randomImage, THREE_SHOT } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { Encoder, fileImage, fitImages, imageAuroc } from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("image-level AUROC");

test("a score belongs to its own image's label, and a file that cannot be read to none", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const [prompt, ...others] = [1, 2, 3].map((seed) => randomImage(seed, 30));
  const missing = fileImage("missing.png");
  using fitted = await fitImages(nearestPatch(new Encoder(backbone)), [prompt]);
  // The prompt itself scores lowest of all.
  const labelled = (own: 0 | 1, rest: 0 | 1) => [
    { ...missing, label: rest },
    { ...prompt, label: own },
    ...others.map((image) => ({ ...image, label: rest })),
  ];
  assert.is(await imageAuroc(fitted, labelled(0, 1)), 1);
  assert.is(await imageAuroc(fitted, labelled(1, 0)), 0);
  assert.is(await imageAuroc(fitted, labelled(1, 1)), null);
});

test.run();
