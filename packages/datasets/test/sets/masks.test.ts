import { test } from "uvu";
import * as assert from "uvu/assert";
import { matchMasks } from "../../src/sets/masks.js";

const files = (keys: string) =>
  keys.split(" ").map((key) => ({ path: key, kind: key.includes("/") ? key.split("/")[0]! : "", key }));

/** The image that each mask marks, among which images. */
const CASES: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  "a/000 a/001": { "a/000": "a/000", "a/001_mask": "a/001" },
  "a/000": {
    "a/000_gt": "a/000",
    "a/000_label": "a/000",
    "a/000-ground-truth": "a/000",
    "a/000_anomaly_mask_2": "a/000",
    "a/000.mask1": "a/000",
    "a/mask_000": "a/000",
    "a/000_left": undefined,
    "a/000mask": undefined,
  },
  "a/000 a/000_mask": { "a/000_mask": "a/000_mask" },
  "a/000 b/000": { "a/000/003": "a/000", "b/000_mask/0": "b/000", "000_mask": undefined, "c/000": undefined },
  "a/000 b/001": { "001_mask": "b/001", "a/001": undefined },
  "good/000 b/000": { "000": "b/000" },
  "a/deep/000 b/000": { "a/000_mask": "a/deep/000" },
  "a/one/000 a/two/000": { "a/000": undefined, "a/two/000_gt": "a/two/000" },
  "000 001": { "001_gt": "001" },
};

for (const [images, masks] of Object.entries(CASES))
  for (const [mask, image] of Object.entries(masks))
    test(`of ${images} the mask ${mask} marks ${image ?? "none"}`, () => {
      const { of, lost } = matchMasks(files(images), files(mask), ({ kind }) => kind !== "good");
      assert.equal([...of], image === undefined ? [] : [[image, [mask]]]);
      assert.is(lost.length, image === undefined ? 1 : 0);
    });

test.run();
