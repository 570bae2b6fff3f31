import { test } from "uvu";
import * as assert from "uvu/assert";
import { regionsAbove } from "../../src/calibration/regions.js";

test("patches that touch, at corners too, are one region in pixels of the image", () => {
  // Three patches below each other, and one alone.
  const values = Float32Array.from([0.9, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.6, 0, 0, 0, 0, 0.1, 0, 0, 0, 0.7]);
  const map = { rows: 4, columns: 5, values };
  const box = { x: 10, y: 20, width: 100, height: 40 };
  // Columns are 20 wide and rows 10 high.
  const found = regionsAbove({ map, box }, 0.2);
  assert.equal(
    found.map(({ peak }) => Number(peak.toFixed(3))),
    [0.9, 0.7],
  );
  assert.equal(found[0].box, { x: 10, y: 20, width: 20, height: 30 });
  assert.is(found[0].area, 600);
  const joined = regionsAbove(
    { map: { rows: 2, columns: 3, values: Float32Array.from([0.5, 0, 0, 0, 0.6, 0.3]) }, box },
    0.2,
  );
  assert.is(joined.length, 1);
  assert.equal(joined[0].box, box);
  assert.ok(Math.abs(joined[0].area - 3 * (100 / 3) * 20) < 1e-9);
});

test("what is at the line is not above it, and NaN is nowhere", () => {
  const values = Float32Array.from([0.5, Number.NaN, 0.5, 0.25]);
  const box = { x: 0, y: 0, width: 4, height: 1 };
  assert.equal(regionsAbove({ map: { rows: 1, columns: 4, values }, box }, 0.5), []);
  assert.equal(
    regionsAbove({ map: { rows: 1, columns: 4, values }, box }, 0.3).map((region) => region.box.x),
    [0, 2],
  );
});

test.run();
