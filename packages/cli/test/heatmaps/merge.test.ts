import { test } from "uvu";
import * as assert from "uvu/assert";
import { mergeViews } from "../../src/heatmaps/merge.js";
import { shrink } from "../../src/heatmaps/picture.js";

const view = (x: number, values: readonly number[]) => ({
  map: Float32Array.from(values),
  grid: 2,
  box: { x, y: 10, width: 20, height: 20 },
});

test("a single view stays as it is", () => {
  const only = view(5, [1, 2, 3, 4]);
  assert.equal(mergeViews([only]), { map: only.map, gridWidth: 2, gridHeight: 2, box: only.box });
});

test("tiles are joined, and where they overlap the larger value counts", () => {
  const merged = mergeViews([view(0, [1, 2, 3, 4]), view(20, [5, 6, 7, 8])]);
  assert.equal([merged.gridWidth, merged.gridHeight], [4, 2]);
  assert.equal(merged.box, { x: 0, y: 10, width: 40, height: 20 });
  assert.equal([...merged.map], [1, 2, 5, 6, 3, 4, 7, 8]);
  const overlapping = mergeViews([view(0, [1, 9, 3, 4]), view(10, [5, 6, 7, 8])]);
  assert.equal([...overlapping.map], [1, 9, 6, 3, 7, 8]);
});

test("shrinking averages squares, and the last square takes the remainder", () => {
  const gray = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value, value, value]));
  const image = { width: 3, height: 2, data: gray(0, 10, 20, 30, 40, 50) };
  assert.is(shrink(image, 1), image);
  assert.equal(shrink(image, 2), { width: 1, height: 1, data: gray(25) });
});

test.run();
