import { throwsCode } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Sampler, type TrainingItem } from "../../src/training/sampler.js";

/** Two categories of 7 and 5 normal images and 3 and 2 anomalous ones. */
const ITEMS: TrainingItem[] = [
  ...Array.from({ length: 10 }, (_, i): TrainingItem => ({ image: i, label: i < 7 ? 0 : 1, category: 0 })),
  ...Array.from(
    { length: 7 },
    (_, i): TrainingItem => ({ image: 10 + i, label: i < 5 ? 0 : 1, category: 1 }),
  ),
];
const NAMES = ["a", "b"];
const OPTIONS = { batch: 6, shots: 3, seed: 5 };

test("batches are half normal and half anomalous, each from a permutation that cycles", () => {
  const sampler = new Sampler(ITEMS, NAMES, OPTIONS);
  const drawn: Record<0 | 1, number[]> = { 0: [], 1: [] };
  for (let step = 0; step < 20; step++) {
    const batch = sampler.batch(step);
    assert.equal(
      batch.map(({ label }) => label),
      [0, 0, 0, 1, 1, 1],
    );
    for (const { label, image } of batch) drawn[label].push(image);
  }
  for (const [label, count] of [
    [0, 12],
    [1, 5],
  ] as const) {
    const own = ITEMS.filter((item) => item.label === label).map(({ image }) => image);
    const rounds = Array.from({ length: 5 }, (_, i) => drawn[label].slice(i * count, (i + 1) * count));
    for (const round of rounds)
      assert.equal(
        [...round].sort((x, y) => x - y),
        own,
      );
    assert.not.equal(rounds[0], rounds[1], "a new order each round");
  }
  assert.equal(
    new Sampler(ITEMS, NAMES, { ...OPTIONS, batch: 5 }).batch(0).map(({ label }) => label),
    [0, 0, 0, 1, 1],
  );
});

test("balanced by category, each comes up as often, and within it each image", () => {
  const sampler = new Sampler(ITEMS, NAMES, { ...OPTIONS, balance: "categories" });
  const queries = Array.from({ length: 70 }, (_, step) => sampler.batch(step)).flat();
  for (const label of [0, 1]) {
    const own = queries.filter((query) => query.label === label);
    for (const category of [0, 1]) {
      const images = own.filter((query) => query.category === category).map(({ image }) => image);
      assert.is(images.length, 105);
      const counts = [...new Set(images)].map((image) => images.filter((each) => each === image).length);
      assert.is(
        counts.length,
        [
          [7, 5],
          [3, 2],
        ][label][category],
      );
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
    }
  }
  assert.equal(
    new Sampler(ITEMS, NAMES, { ...OPTIONS, balance: "categories" }).batch(3),
    queries.slice(18, 24),
  );
});

test("prompts are different normal images of the query's category, never the query itself", () => {
  const sampler = new Sampler(ITEMS, NAMES, OPTIONS);
  const seen = new Set<number>();
  for (let step = 0; step < 50; step++) {
    for (const { image, category, prompts } of sampler.batch(step)) {
      assert.is(new Set(prompts).size, 3);
      assert.not(prompts.includes(image));
      for (const prompt of prompts) {
        const item = ITEMS.find((each) => each.image === prompt)!;
        assert.equal([item.label, item.category], [0, category]);
        seen.add(prompt);
      }
    }
  }
  assert.is(seen.size, 12, "every normal image serves as a prompt");
  const open = new Sampler(ITEMS, NAMES, { ...OPTIONS, includeQuery: true });
  const itself = Array.from({ length: 50 }, (_, step) => open.batch(step))
    .flat()
    .filter(({ image, prompts }) => prompts.includes(image));
  assert.ok(itself.length > 10);
});

test("a batch follows from its number and the seed alone", () => {
  const walk = new Sampler(ITEMS, NAMES, OPTIONS);
  const batches = Array.from({ length: 12 }, (_, step) => walk.batch(step));
  const later = new Sampler(ITEMS, NAMES, OPTIONS);
  for (const step of [11, 3, 7, 0]) assert.equal(later.batch(step), batches[step]);
  assert.not.equal(new Sampler(ITEMS, NAMES, { ...OPTIONS, seed: 6 }).batch(0), batches[0]);
  assert.not.equal(batches[0], batches[1]);
});

test("every prompt is as likely as any other", () => {
  const sampler = new Sampler(ITEMS, NAMES, { batch: 60, shots: 1, seed: 1 });
  const counts = new Map<number, number>();
  for (let step = 0; step < 100; step++) {
    for (const { category, label, prompts } of sampler.batch(step)) {
      if (category === 0 && label === 1) counts.set(prompts[0], (counts.get(prompts[0]) ?? 0) + 1);
    }
  }
  const expected = (100 * 30 * 3) / 5 / 7;
  assert.is(counts.size, 7);
  // Five standard deviations of a count with that mean.
  for (const count of counts.values())
    assert.ok(Math.abs(count - expected) < 5 * Math.sqrt(expected), `${count}`);
});

test("the same image listed twice is one prompt", async () => {
  const twice = [...ITEMS, { image: 0, label: 0, category: 0 } as const];
  for (const { image, category, prompts } of new Sampler(twice, NAMES, { ...OPTIONS, shots: 4 }).batch(3)) {
    if (category === 0) assert.is(new Set([...prompts, image]).size, 5);
  }
});

test("data that allows no such batches is refused", async () => {
  const make = (items: TrainingItem[], options = {}) => new Sampler(items, NAMES, { ...OPTIONS, ...options });
  await throwsCode(
    () => make(ITEMS, { shots: 5 }),
    "shots",
    /^b: has 5 normal images, and 5 prompts .* need 6/,
  );
  make(ITEMS, { shots: 5, includeQuery: true });
  await throwsCode(() => make(ITEMS.filter(({ label }) => label === 0)), "training", /no anomalous images/);
  await throwsCode(() => make(ITEMS.filter(({ label }) => label === 1)), "training", /no normal images/);
  await throwsCode(() => make(ITEMS, { batch: 1 }), "training", /batch 1/);
});

test.run();
