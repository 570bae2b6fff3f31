import { generator } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { outlinesOf } from "../../src/index.js";

const outlines = (...rows: readonly string[]) =>
  outlinesOf((x, y) => rows[y][x] === "#", rows[0].length, rows.length);

/** The area within a polygon, by the trapezoids under its sides. */
const areaOf = (polygon: readonly number[]): number => {
  let sum = 0;
  for (let i = 0; i < polygon.length; i += 2) {
    const [x, y] = [polygon[i], polygon[i + 1]];
    const [x2, y2] = [polygon[(i + 2) % polygon.length], polygon[(i + 3) % polygon.length]];
    sum += ((x - x2) * (y + y2)) / 2;
  }
  return Math.abs(sum);
};

test("an outline has the corners alone, clockwise from the upper left", () => {
  assert.equal(outlines("##.", "...", "..."), [[0, 0, 2, 0, 2, 1, 0, 1]]);
  assert.equal(outlines("...", ".#.", ".##"), [[1, 1, 2, 1, 2, 2, 3, 2, 3, 3, 1, 3]]);
  assert.equal(outlines("..", ".."), []);
});

test("cells that share a corner alone have outlines of their own, and holes are filled", () => {
  assert.equal(outlines("#.", ".#"), [
    [0, 0, 1, 0, 1, 1, 0, 1],
    [1, 1, 2, 1, 2, 2, 1, 2],
  ]);
  assert.equal(outlines(".#", "#."), [
    [1, 0, 2, 0, 2, 1, 1, 1],
    [0, 1, 1, 1, 1, 2, 0, 2],
  ]);
  assert.equal(outlines("###", "#.#", "###"), [[0, 0, 3, 0, 3, 3, 0, 3]]);
});

test("of cells at random without holes the outlines enclose as many cells as there are", () => {
  const next = generator(7);
  for (let n = 0; n < 200; n++) {
    // Columns that stand on the ground have no holes.
    const tops = Array.from({ length: 8 }, () => Math.floor(7 * next()));
    const found = outlinesOf((x, y) => y >= tops[x], 8, 6);
    const cells = tops.reduce((sum, top) => sum + Math.max(0, 6 - top), 0);
    assert.is(
      found.reduce((sum, polygon) => sum + areaOf(polygon), 0),
      cells,
    );
  }
});

test.run();
