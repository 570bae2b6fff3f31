import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataSet as openSet, type Sample } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { procedural, proceduralClasses, writeProceduralSet } from "../../src/index.js";
import { rejects } from "../support/rejects.js";

const openDataSet = (spec: string) => openSet(spec, [procedural]);
const ids = (samples: readonly Sample[]) => samples.map(({ id }) => id);

/** How many normal and anomalous samples there are. */
function counts(samples: readonly Sample[]): [normal: number, anomalous: number] {
  const anomalous = samples.filter(({ label }) => label === 1).length;
  return [samples.length - anomalous, anomalous];
}

test("classes, counts and variants are as requested", async () => {
  const { name, categories } = await openDataSet("procedural:3?train=2&good=1&bad=6&variants=2&size=32");
  assert.is(name, "procedural-3");
  assert.is(categories.length, 2 * Object.keys(proceduralClasses).length);
  for (const { train, test: tests } of categories)
    assert.equal(
      [counts(train), counts(tests)],
      [
        [2, 0],
        [1, 6],
      ],
    );
  const [first, second] = categories as [(typeof categories)[0], (typeof categories)[0]];
  assert.equal([second.name, second.className], [`${first.name}-2`, first.name]);
  assert.not.equal(await second.train[0].load(), await first.train[0].load(), "another piece");
  const bad = first.test.find(({ label }) => label === 1)!;
  const mask = await bad.mask!();
  assert.equal([mask.width, mask.height, mask.data.includes(255)], [32, 32, true]);
});

test("families are categories by split, with masks", async () => {
  const spec = "procedural:2?split=train&families=weave,gear&variants=3&train=2&good=1&bad=2&size=32";
  const { name, categories } = await openDataSet(spec);
  assert.is(name, "procedural-train-2");
  assert.equal(
    categories.map((category) => category.name),
    ["gear-1", "gear-2", "gear-3", "weave-1", "weave-2", "weave-3"],
  );
  const { test: tests, train } = categories[0];
  assert.equal(
    [counts(train), counts(tests)],
    [
      [2, 0],
      [1, 2],
    ],
  );
  const bad = tests.find(({ label }) => label === 1)!;
  assert.is((await bad.mask!()).data.includes(255), true);
  assert.is((await bad.load()).data.length, 32 * 32 * 3);
  const all = await openDataSet("procedural:2?split=train&variants=3");
  const heldOut = await openDataSet("procedural:2?split=held-out");
  assert.ok(all.categories.length > 150, `${all.categories.length} categories`);
  assert.is(heldOut.categories.length, 8);
  const nouns = new Set(all.categories.map(({ className }) => className));
  assert.not.ok(heldOut.categories.some(({ className }) => nouns.has(className)));
});

/** How far the mean brightness of good images strays within a category, mean over categories. */
async function straying(camera: string): Promise<number> {
  const spec = `procedural:5?split=held-out&train=6&good=0&bad=0&size=32&camera=${camera}`;
  const { categories } = await openDataSet(spec);
  const deviations = categories.map(async ({ train }) => {
    const means = await Promise.all(
      train.map(async (sample) => {
        const { data } = await sample.load();
        return data.reduce((sum, value) => sum + value, 0) / data.length;
      }),
    );
    const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
    return Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / means.length);
  });
  return (await Promise.all(deviations)).reduce((sum, value) => sum + value, 0) / categories.length;
}

test("a fixed camera sees a category in one light", async () => {
  const [fixed, free] = [await straying("fixed"), await straying("free")];
  assert.ok(fixed > 0.5 && 3 * fixed < free, `${fixed} and ${free} of 255`);
  const open = (options: string) => () => openDataSet(`procedural:1?${options}`);
  await rejects(open("split=train&camera=held"), "bad-argument", /camera=held: give free or fixed/);
  await rejects(open("camera=fixed"), "bad-argument", /choose another split/);
});

test("a family that is not in the split is refused with the nearest name", async () => {
  const open = (options: string) => () => openDataSet(`procedural:1?${options}`);
  await rejects(open("split=train&families=weav"), "bad-argument", /"weav".*did you mean "weave"/);
  await rejects(open("split=held-out&families=gear"), "bad-argument", /choose from button, carpet/);
  await rejects(open("families=gear"), "bad-argument", /no "gear" among the classic families/);
  await rejects(open("split=all"), "bad-argument", /classic or train or held-out/);
});

test("options with invalid values are refused", async () => {
  await rejects(() => openDataSet("procedural:1?size=8"), "bad-argument", /from 16 to 4096/);
  await rejects(() => openDataSet("procedural:1?train=-1"), "bad-argument", /train=-1/);
  await rejects(() => openDataSet("procedural:one"), "bad-argument", /whole number/);
});

test("samples on demand equal the files that are written", async () => {
  const dir = await mkdtemp(join(tmpdir(), "inctrl-procedural-"));
  await writeProceduralSet(dir, { classes: ["nut"], seed: 5, size: 32, train: 2, testGood: 1, testBad: 6 });
  const written = (await openSet(`folder:${join(dir, "nut")}`)).categories[0];
  const { categories } = await openDataSet("procedural:5?size=32&train=2&good=1&bad=6");
  const drawn = categories.find(({ name }) => name === "nut")!;
  const all = [...drawn.train, ...drawn.test];
  assert.equal(
    ids(all).sort(),
    ids([...written.train, ...written.test])
      .map((id) => id.slice(0, -4))
      .sort(),
  );
  for (const sample of [...written.train, ...written.test]) {
    const same = all.find(({ id }) => `${id}.png` === sample.id)!;
    assert.equal((await sample.load()).data, (await same.load()).data, sample.id);
    assert.equal((await sample.mask?.())?.data, (await same.mask?.())?.data, sample.id);
  }
  await rm(dir, { recursive: true });
});

test.run();
