import { test } from "uvu";
import * as assert from "uvu/assert";
import { openCategories } from "../../src/train/data.js";

const PRODUCTS = (seed: number) => `procedural:${seed}?train=1&good=1&bad=1&size=16`;
const NOTHING = { category: undefined, class: {} };

async function refused(job: Promise<unknown>, text: string): Promise<void> {
  const error = await job.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.match((error as Error).message, text);
}

test("categories of several data sets are joined, and equal names get the data set's before them", async () => {
  const one = await openCategories([PRODUCTS(1)], NOTHING);
  assert.ok(one.some(({ name }) => name === "fabric"));
  const two = await openCategories([PRODUCTS(1), PRODUCTS(2)], NOTHING);
  assert.is(two.length, 2 * one.length);
  assert.ok(two.some(({ name, className }) => name === "procedural-2/fabric" && className === "fabric"));
  assert.is(new Set(two.map(({ name }) => name)).size, two.length);
});

test("categories are chosen and renamed", async () => {
  const chosen = await openCategories([PRODUCTS(1)], {
    category: ["wood", "nut"],
    class: { nut: "hexagon nut" },
  });
  assert.equal(
    chosen.map(({ name, className }) => [name, className]),
    [
      ["nut", "hexagon nut"],
      ["wood", "wood"],
    ],
  );
});

test("unknown categories and data sets are refused by name", async () => {
  await refused(
    openCategories([PRODUCTS(1)], { ...NOTHING, category: ["glass"] }),
    '--category: there is no category "glass"; choose from concrete',
  );
  await refused(
    openCategories([PRODUCTS(1)], { ...NOTHING, class: { glass: "window" } }),
    '--class: there is no category "glass"',
  );
  await refused(
    openCategories([PRODUCTS(1), PRODUCTS(1)], NOTHING),
    "two data sets hold procedural-1/concrete; give each data set once",
  );
  await refused(openCategories(["mvtek:somewhere"], NOTHING), 'did you mean "mvtec"?');
});

test.run();
