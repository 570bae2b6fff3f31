import * as assert from "uvu/assert";
import { linspace, tensor } from "../../src/create.js";
import { maskedFill } from "../../src/ops/masked-fill.js";
import { flatten, repeat } from "../../src/ops/rearrange.js";
import { close, deviceTests, FAMILIES, throwsCode, valuesOf } from "../support.js";
import { floats, given, holds } from "./holds.js";

const test = deviceTests(FAMILIES);

test("flatten merges axes without a copy", async (device) => {
  await holds(device, flatten, [floats([2, 3, 4])]);
  await holds(device, flatten, [floats([2, 3, 4]), 1]);
  await holds(device, flatten, [floats([2, 3, 4]), 0, -2]);
  await holds(device, flatten, [floats([])]);
  const x = tensor(device, [[[1, 2]], [[3, 4]]]);
  const y = flatten(x, 1);
  assert.equal([...y.shape], [2, 2]);
  assert.is(y.buffer, x.buffer);
  await throwsCode(() => flatten(x, 2, 1), "argument", /axis 2 of \[2, 1, 2\] stands behind axis 1/);
  x.dispose();
  y.dispose();
});

test("repeat repeats each value along an axis, at any rank", async (device) => {
  for (const axis of [0, 1, -1]) await holds(device, repeat, [floats([2, 1, 3]), 3, axis]);
  await holds(device, repeat, [floats([1, 2, 1, 2, 1, 2]), 2, 3]);
  await holds(device, repeat, [floats([2, 2]), 0]);
  await holds(device, repeat, [given([1, 0], [2], "bool"), 2]);
  const x = tensor(device, [1]);
  await throwsCode(() => repeat(x, -1), "argument", /count -1 must be a whole number/);
  x.dispose();
});

test("maskedFill writes a number or a tensor where the mask is true", async (device) => {
  const mask = given([1, 0, 0], [3], "bool");
  await holds(device, maskedFill, [floats([2, 3]), mask, -Infinity], { gradient: false });
  await holds(device, maskedFill, [floats([2, 3]), mask, 7]);
  await holds(device, maskedFill, [floats([2, 3]), mask, floats([1], 9)]);
  await holds(device, maskedFill, [given([Number.NaN, 1, Number.NaN], [3]), mask, 0], { gradient: false });
});

test("linspace hits both ends", async (device) => {
  close(await valuesOf(() => linspace(device, 0, 1, 5)), [0, 0.25, 0.5, 0.75, 1], 0);
  close(await valuesOf(() => linspace(device, 3, -3, 4)), [3, 1, -1, -3], 0);
  close(await valuesOf(() => linspace(device, 2, 9, 1)), [2], 0);
  close(await valuesOf(() => linspace(device, 2, 9, 0)), [], 0);
  await throwsCode(() => linspace(device, 0, Number.NaN, 3), "argument", /end NaN must be finite/);
});

test.run();
