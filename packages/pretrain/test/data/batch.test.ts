import { createTokenizer } from "@inctrl/clip";
import { promptTexts } from "@inctrl/detect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type CaptionedBatch, matchTargets, patchTargets } from "../../src/data/batch.js";
import { batchTexts } from "../../src/data/texts.js";

/** Three images of 4 x 4 pixels: a nut, a damaged nut with one corner covered, and the same nut again. */
const BATCH: CaptionedBatch = {
  count: 3,
  group: 3,
  size: 4,
  pixels: new Uint8Array(3 * 48),
  masks: Uint8Array.from({ length: 48 }, (_, i) => (i === 16 || i === 17 || i === 20 || i === 21 ? 255 : 0)),
  captions: ["a nut", "a bent nut", "a nut"],
  classNames: ["nut", "nut", "nut"],
  classIds: ["nut-1", "nut-1", "nut-1"],
  damaged: [false, true, false],
};

test("images of one class in one state share their captions", () => {
  assert.equal([...matchTargets(BATCH)], [0.5, 0, 0.5, 0, 1, 0, 0.5, 0, 0.5]);
});

test("patches are labelled by the mask, and both kinds have equal weight", () => {
  const { labels, weights } = patchTargets(BATCH, 2);
  assert.equal([...labels], [-1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1, -1]);
  assert.ok(Math.abs(weights[4] - 0.5) < 1e-6);
  assert.ok(Math.abs(weights[0] - 0.5 / 11) < 1e-6);
  const none = patchTargets({ ...BATCH, masks: new Uint8Array(48) }, 2);
  assert.ok(none.weights.every((weight) => Math.abs(weight - 0.5 / 12) < 1e-6));
});

test("a patch that a defect barely touches has no weight", () => {
  const masks = new Uint8Array(100);
  masks[0] = 255;
  const one = { ...BATCH, count: 1, size: 10, masks };
  assert.is(patchTargets(one, 10).weights[0], 0);
  assert.is(patchTargets(one, 5).weights[0], 0.5);
});

test("each text is listed once; flawless and damaged texts differ in the state only", () => {
  const tokenizer = createTokenizer("#version: 0.2\n", { vocabSize: 514 });
  const { normal, anomaly } = promptTexts("nut");
  for (let at = 0; at < 50; at++) {
    const draws = [at / 50, 0.3, 0.9];
    const { ids, caption, flawless, damaged } = batchTexts(BATCH, tokenizer, 80, () => draws.shift()!);
    assert.equal([...caption], [0, 1, 0]);
    assert.equal([...flawless, ...damaged], [2, 2, 2, 3, 3, 3]);
    assert.is(ids.length, 4 * 80);
    const said = (row: number) => tokenizer.decode(ids.subarray(row * 80, (row + 1) * 80));
    const [well, badly] = [said(2), said(3)].map((text) => text.replaceAll(/[^a-z]/g, ""));
    const bare = (texts: string[]) => texts.map((text) => text.replaceAll(/[^a-z]/g, ""));
    const [i, j] = [bare(normal).indexOf(well), bare(anomaly).indexOf(badly)];
    assert.ok(i >= 0 && j >= 0, `${well} and ${badly}`);
    assert.is(i % 22, j % 22, "one template");
  }
});

test.run();
