import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { FEW_SHOT as LIST } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ScoreOptions } from "../../src/commands/score.js";
import { openData } from "../../src/datasets/open.js";
import { withFewShot } from "../../src/eval/few-shot.js";
import { findInputs } from "../../src/score/inputs.js";
import { temporaryFolder } from "../support/cli.js";

const test = suite("few-shot");
const { folder, remove } = temporaryFolder();
test.after(remove);

test("eval takes prompts from the lists of a folder, and names a missing list", async () => {
  const set = await openData("procedural:1?train=3&good=1&bad=1&size=16");
  const metal = { ...set, categories: set.categories.filter(({ name }) => name === "metal") };
  copyFileSync(LIST, join(folder, "metal.pt"));
  const [{ train, test: tests } = { train: [], test: [] }] = (await withFewShot(metal, folder)).categories;
  assert.equal(
    train.map(({ id }) => id),
    ["metal.pt#000", "metal.pt#001"],
  );
  assert.is(tests, metal.categories[0]?.test);
  const message = await withFewShot(set, folder).then(() => "", String);
  assert.match(message, /concrete\.pt: no such file; --few-shot needs one a category/);
});

test("score takes the images of a list, of which --shots takes the first", async () => {
  const options = { prompts: [LIST], images: [LIST], shots: 1 } as unknown as ScoreOptions;
  const { prompts } = await findInputs(options);
  assert.equal(prompts, [`${LIST}#000`]);
});

test.run();
