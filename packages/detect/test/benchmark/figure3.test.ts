import { type Category, drawPrompts, type Sample } from "@inctrl/datasets";
import { category, dataSet, maxError, THREE_SHOT, throwsCode } from "@inctrl/testing";
import { deviceTests, fixtureBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { figure3Page } from "../../src/benchmark/figure3-page.js";
import { FRAMES, figure3Picture, framedPicture } from "../../src/benchmark/figure3-picture.js";
import { chooseQueries, Encoder, figure3Rows, fitImages } from "../../src/index.js";
import { meanFeatureMethod } from "../support/mean-feature.js";
import { detectorOf } from "../support/methods.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("figure 3");

/** The category with images twice as wide as high: each pixel stands twice. */
const wide = (sample: Sample): Sample => ({
  ...sample,
  load: async () => {
    const { width, height, data } = await sample.load();
    const columns = Array.from(
      { length: 2 * width * height * 3 },
      (_, i) => data[Math.floor(i / 6) * 3 + (i % 3)],
    );
    return { width: 2 * width, height, mode: "RGB", data: Uint8Array.from(columns) };
  },
});

const parts = category("<b>parts", {}, wide);

test("frames are at the largest and the smallest value of the map, and at what these patches match", async ({
  device,
}) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const detector = nearestPatch(new Encoder(backbone));
  const [chosen] = chooseQueries([dataSet(parts)]);
  const rows = await figure3Rows(detector, chosen, { shots: 2 });
  assert.equal(
    rows.map(({ query, kind, label }) => [query.name, kind, label]),
    [0, 1, 3, 4].map((i) => [`<b>parts/bad/${i}`, "corner", 1]),
  );
  const prompts = drawPrompts(parts.train, 2, 0);
  using fitted = await fitImages(detector, prompts);
  const expected = await scoreWith(fitted, chosen.samples);
  for (const [i, row] of rows.entries()) {
    const { map, matches, score } = expected[i];
    let [most, least] = [0, 0];
    for (let p = 1; p < 9; p++) {
      if (map.values[p] > map.values[most]) most = p;
      if (map.values[p] < map.values[least]) least = p;
    }
    assert.is(row.score, score);
    assert.is(maxError(row.map.map.values, map.values), 0);
    for (const [name, patch] of [
      ["most", most],
      ["least", least],
    ] as const) {
      const { queryPatch, ...match } = row[name];
      assert.is(queryPatch, patch);
      assert.equal(match, { prompt: matches!.prompts[patch], patch: matches!.patches[patch] });
      // 3 x 3 patches over 17 of 34 columns, from the eighth on, of 416 x 208 pixels.
      const box = (at: number) => {
        const [x, y] = [(8 / 34) * 416 + (208 / 3) * (at % 3), (208 / 3) * Math.floor(at / 3)];
        const [left, top] = [Math.round(x), Math.round(y)];
        return {
          x: left,
          y: top,
          width: Math.round(x + 208 / 3) - left,
          height: Math.round(y + 208 / 3) - top,
        };
      };
      assert.equal(row.query.frames[name], box(patch));
      assert.equal(
        row.prompts.map(({ frames }) => frames[name]),
        prompts.map((_, p) => (p === match.prompt ? box(match.patch) : undefined)),
      );
    }
    const all = expected.flatMap((each) => [...each.map.values]);
    assert.equal(row.scale, { low: Math.min(...all), high: Math.max(...all) });
  }
  const { image, frames } = rows[0].query;
  const drawn = framedPicture(rows[0].query);
  for (const { framed, colour } of FRAMES) {
    const { x, y, width, height } = frames[framed]!;
    const pixel = (at: number, down: number) => [
      ...drawn.data.subarray((down * image.width + at) * 4).subarray(0, 3),
    ];
    assert.equal(pixel(x - 1, y + 9), [...colour], framed);
    assert.equal(pixel(x + width, y + height - 9), [...colour], framed);
  }
});

test("names on the page are escaped, and the picture has a row a query", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const detector = nearestPatch(new Encoder(backbone));
  const [chosen] = chooseQueries([dataSet(parts)], ["bad/2", "good/1"]);
  const rows = await figure3Rows(detector, chosen, { shots: 3 });
  assert.equal(
    rows.map(({ query: { name }, label }) => [name, label]),
    [
      ["<b>parts/bad/2", 1],
      ["<b>parts/good/1", 0],
    ],
  );
  const page = figure3Page({ title: "<i>", about: "&", rows });
  assert.not.match(page, /<b>|<i>/);
  assert.is(page.split("data:image/png;base64,").length - 1, 2 * 5);
  assert.match(page, "&lt;b&gt;parts/bad/2");
  const heights = [rows.slice(0, 1), rows].map((some) => figure3Picture(some).height);
  assert.ok(heights[1] - heights[0] > 208);
});

test("a query that cannot be read is left out with a word, and its neighbours stay", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const broken: Category = {
    ...parts,
    test: parts.test.map((sample) =>
      sample.id.endsWith("bad/2") ? { ...sample, load: () => Promise.reject(new Error("broken")) } : sample,
    ),
  };
  const [chosen] = chooseQueries([dataSet(broken)], ["bad/1", "bad/2"]);
  const skipped: string[] = [];
  const rows = await figure3Rows(nearestPatch(new Encoder(backbone)), chosen, {
    shots: 1,
    onSkipped: ({ id, reason }) => skipped.push(id, reason),
  });
  assert.equal(
    rows.map(({ query: { name } }) => name),
    ["<b>parts/bad/1"],
  );
  assert.equal(skipped, ["<b>parts/bad/2", "<b>parts/bad/2: broken"]);
});

test("a method without matches, and too few prompts, are refused", async ({ device }) => {
  using backbone = await fixtureBackbone(device, THREE_SHOT);
  const encoder = new Encoder(backbone);
  const [chosen] = chooseQueries([dataSet(parts)], ["bad/1"]);
  const rows = (shots: number, detector = nearestPatch(encoder)) => figure3Rows(detector, chosen, { shots });
  await throwsCode(() => rows(1, detectorOf(meanFeatureMethod, encoder)), "evaluation", /matches no patches/);
  await throwsCode(() => rows(7), "evaluation", /6 normal training images for 7 prompts/);
});

test("a name stands for the image whose id it is or ends; others are refused with the nearest", async () => {
  const other = category("other");
  const sets = [dataSet(parts, other)];
  const ids = (...names: string[]) =>
    chooseQueries(sets, names).map(({ category: { name }, samples }) => [
      name,
      ...samples.map(({ id }) => id),
    ]);
  assert.equal(ids("other/bad/0", "<b>parts/good/3", "other/good/1", "other/bad/0"), [
    ["other", "other/bad/0", "other/good/1"],
    ["<b>parts", "<b>parts/good/3"],
  ]);
  assert.throws(
    () => ids("bad/0"),
    /bad\/0 is the end of several test images; name one: <b>parts\/bad\/0, other\/bad\/0/,
  );
  assert.throws(() => ids("oter/bad/0"), /there is no test image oter\/bad\/0; did you mean other\/bad\/0\?/);
  assert.throws(() => ids("ad/0"), /there is no test image ad\/0; did you mean/);
  assert.throws(() => chooseQueries([dataSet(category("fine", { bad: 0 }))]), /no anomalous test image/);
  assert.equal(
    chooseQueries(sets).map(({ samples }) => samples.length),
    [4, 4],
  );
});

test.run();
