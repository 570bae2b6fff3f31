import { drawCaptioned } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Easel } from "../../src/pretrain/draw.js";
import { orderOf } from "../../src/pretrain/order.js";

test("every group of the pool is shown once a round, each round in another order", () => {
  const steps = (round: number) => Array.from({ length: 31 }, (_, i) => orderOf(round * 31 + i, 4, 31, 7));
  const rounds = [0, 1, 2].map((round) => steps(round).map(([first]) => first!.index));
  for (const order of rounds) {
    assert.equal(
      [...order].sort((a, b) => a - b),
      Array.from({ length: 31 }, (_, i) => 4 * i),
    );
  }
  assert.not.equal(rounds[0], rounds[1]);
  for (const group of steps(1)) {
    assert.equal(
      group.map(({ index }) => index - group[0]!.index),
      [0, 1, 2, 3],
    );
  }
});

test("the images of a group show one class, good and damaged by turns", () => {
  for (const { index } of orderOf(3, 8, 31, 7).filter((_, i) => i % 4 === 0)) {
    const group = [0, 1, 2, 3].map((i) => drawCaptioned({ seed: 3, index: index + i, size: 16 }));
    assert.is(new Set(group.map(({ classId }) => classId)).size, 1);
    assert.equal(
      group.map(({ state }) => state),
      ["good", "bad", "good", "bad"],
    );
  }
});

test("a batch is a function of its step, and all eight turns come up", () => {
  assert.equal(orderOf(5, 8, 8191, 1), orderOf(5, 8, 8191, 1));
  assert.not.equal(orderOf(5, 8, 8191, 1), orderOf(5, 8, 8191, 2));
  assert.is(new Set(orderOf(0, 400, 8191, 0).map(({ turn }) => turn)).size, 8);
});

test("images and masks turn together, and what was drawn before is the same again", () => {
  const easel = new Easel();
  const draw = (turn: number) =>
    easel.draw({ seed: 3, split: "train", size: 32, shown: [{ index: 1, turn }] });
  const plain = drawCaptioned({ seed: 3, index: 1, size: 32 });
  assert.equal(draw(0).pixels, plain.image.data);
  for (const turn of [1, 2, 4, 7]) {
    const { pixels, masks } = draw(turn);
    for (const [x, y] of [
      [0, 0],
      [5, 20],
      [31, 2],
    ] as const) {
      const v = turn & 2 ? 31 - y : y;
      const u = turn & 4 ? 31 - x : x;
      const from = turn & 1 ? u * 32 + v : v * 32 + u;
      assert.is(masks[y * 32 + x], plain.mask[from]);
      assert.is(pixels[(y * 32 + x) * 3 + 1], plain.image.data[from * 3 + 1]);
    }
  }
  assert.equal(draw(0).masks, plain.mask);
});

test.run();
