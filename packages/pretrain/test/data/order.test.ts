import { drawCaptioned } from "@inctrl/synth";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { orderOf } from "../../src/data/order.js";
import { Renderer } from "../../src/data/renderer.js";

const POOL = { batch: 4, group: 4, pool: 31, seed: 7 };

test("every group of the pool is shown once a round, each round in another order", () => {
  const steps = (round: number) => Array.from({ length: 31 }, (_, i) => orderOf(round * 31 + i, POOL));
  const rounds = [0, 1, 2].map((round) => steps(round).map(([first]) => first.index));
  for (const order of rounds) {
    assert.equal(
      [...order].sort((a, b) => a - b),
      Array.from({ length: 31 }, (_, i) => 4 * i),
    );
  }
  assert.not.equal(rounds[0], rounds[1]);
  for (const group of steps(1)) {
    assert.equal(
      group.map(({ index }) => index - group[0].index),
      [0, 1, 2, 3],
    );
  }
});

test("the images of a group show one class, good and damaged by turns", () => {
  for (const { index } of orderOf(3, { ...POOL, batch: 8 }).filter((_, i) => i % 4 === 0)) {
    const group = [0, 1, 2, 3].map((i) => drawCaptioned({ seed: 3, index: index + i, size: 16 }));
    assert.is(new Set(group.map(({ classId }) => classId)).size, 1);
    assert.equal(
      group.map(({ state }) => state),
      ["good", "bad", "good", "bad"],
    );
  }
});

test("groups of any even size show one class", () => {
  const [group, batch] = [8, 16];
  const shown = orderOf(2, { ...POOL, group, batch });
  assert.equal(
    shown.map(({ index }) => index % group),
    Array.from({ length: batch }, (_, i) => i % group),
  );
  const { classIds, damaged } = new Renderer().render({ seed: 3, split: "train", size: 16, group, shown });
  assert.is(new Set(classIds.slice(0, group)).size, 1);
  assert.is.not(classIds[0], classIds[group]);
  assert.ok(damaged.every((bad, i) => bad === (i % 2 === 1)));
});

test("a batch is a function of its step, and all eight symmetries come up", () => {
  assert.equal(orderOf(5, { ...POOL }), orderOf(5, POOL));
  assert.not.equal(orderOf(5, { ...POOL, seed: 1 }), orderOf(5, { ...POOL, seed: 2 }));
  assert.is(new Set(orderOf(0, { ...POOL, batch: 400, pool: 8191 }).map(({ symmetry }) => symmetry)).size, 8);
});

test("images and masks are transformed together, and a cached image gives the same bytes", () => {
  const renderer = new Renderer();
  const draw = (symmetry: number) =>
    renderer.render({ seed: 3, split: "train", size: 32, group: 4, shown: [{ index: 1, symmetry }] });
  const plain = drawCaptioned({ seed: 3, index: 1, size: 32 });
  assert.equal(draw(0).pixels, plain.image.data);
  for (const symmetry of [1, 2, 4, 7]) {
    const { pixels, masks } = draw(symmetry);
    for (const [x, y] of [
      [0, 0],
      [5, 20],
      [31, 2],
    ] as const) {
      const v = symmetry & 2 ? 31 - y : y;
      const u = symmetry & 4 ? 31 - x : x;
      const from = symmetry & 1 ? u * 32 + v : v * 32 + u;
      assert.is(masks[y * 32 + x], plain.mask[from]);
      assert.is(pixels[(y * 32 + x) * 3 + 1], plain.image.data[from * 3 + 1]);
    }
  }
  assert.equal(draw(0).masks, plain.mask);
});

test.run();
