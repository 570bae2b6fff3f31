import { suite } from "uvu";
import * as assert from "uvu/assert";
import { topMean } from "../../src/anomalydino/aggregate.js";
import { firstComponent, foreground } from "../../src/anomalydino/foreground.js";

const test = suite("foreground");

test("a hundredth of the values is their mean, and below 200 the largest", () => {
  assert.equal(topMean(Float32Array.from({ length: 199 }, (_, i) => i)), 198);
  assert.equal(topMean(Float32Array.from({ length: 200 }, (_, i) => i)), 198.5);
});

test("patches that are all alike have no component and no foreground", () => {
  const component = firstComponent(new Float32Array(12).fill(3), 3);
  assert.equal(Array.from(component), [0, 0, 0, 0]);
  assert.equal(Array.from(foreground(component, { rows: 2, columns: 2 })), [0, 0, 0, 0]);
});

test.run();
