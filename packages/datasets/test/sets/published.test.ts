import { shared } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openDataSet } from "../../src/index.js";
import { counts, only } from "../support/tree.js";

// Whole sets or samples of them, where they lie beside the repository: normal and anomalous images in train and test.
for (const [format, folder, train, tests] of [
  ["elpv", "elpv", [60, 0], [20, 80]],
  ["headct", "headct", [75, 0], [25, 100]],
  ["brainmri", "brainmri", [73, 0], [25, 155]],
  ["sdd", "kolektorsdd", [35, 0], [12, 7]],
  ["aitex", "aitex", [144, 0], [48, 31]],
] as const) {
  test(`${format} is split as papers do: ${train} and ${tests}`, async () => {
    const dir = shared(`data/${folder}`);
    if (!dir) return;
    const category = only(await openDataSet(`${format}:${dir}`));
    assert.equal([counts(category.train), counts(category.test)], [train, tests]);
    const { width, height } = await category.test[0].load();
    assert.ok(width > 0 && height > 0);
  });
}

test.run();
