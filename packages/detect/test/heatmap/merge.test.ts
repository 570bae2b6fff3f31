import { test } from "uvu";
import * as assert from "uvu/assert";
import { mergeViews } from "../../src/heatmap/merge.js";
import { photoOf } from "../../src/heatmap/photo.js";

const view = (x: number, values: readonly number[]) => ({
  map: { rows: 2, columns: 2, values: Float32Array.from(values) },
  box: { x, y: 10, width: 20, height: 20 },
});

test("a single view stays as it is", () => {
  const only = view(5, [1, 2, 3, 4]);
  assert.equal(mergeViews([only]), only);
});

test("tiles side by side join; where they overlap the larger value counts", () => {
  const merged = mergeViews([view(0, [1, 2, 3, 4]), view(20, [5, 6, 7, 8])]);
  assert.equal([merged.map.columns, merged.map.rows], [4, 2]);
  assert.equal(merged.box, { x: 0, y: 10, width: 40, height: 20 });
  assert.equal([...merged.map.values], [1, 2, 5, 6, 3, 4, 7, 8]);
  const overlapping = mergeViews([view(0, [1, 9, 3, 4]), view(10, [5, 6, 7, 8])]);
  assert.equal([...overlapping.map.values], [1, 9, 6, 3, 7, 8]);
});

test("shrinking averages squares and keeps the rest", () => {
  const gray = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value, value, value]));
  const image = { width: 3, height: 2, mode: "RGB" as const, data: gray(0, 10, 20, 30, 40, 50) };
  assert.is(photoOf(image, () => 1).image, image);
  const small = photoOf(image, (side) => {
    assert.is(side, 3);
    return 2;
  });
  assert.equal(small.image, { width: 1, height: 1, data: gray(25) });
  assert.equal(small.place({ x: 1.5, y: 1, width: 3, height: 2 }), { x: 0.5, y: 0.5, width: 1, height: 1 });
});

test.run();
