import { throwsCode } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BaselineError } from "../../src/errors.js";
import { REGISTRATION_VARIANTS } from "../../src/regad/augmentation.js";
import { registrationIn } from "../../src/regad/shape.js";

const told = (parameters: number, cells: number, facts: Record<string, string> = {}) => {
  const shapes: Record<string, number[]> = {
    "stn1.fc.2.bias": [parameters],
    "stn1.fc.0.weight": [1024, 16 * cells ** 2],
  };
  const fail = (why: string) => new BaselineError("weights", why);
  return registrationIn(Object.keys(shapes), (name) => shapes[name], facts, fail);
};

test("shapes and facts tell the mode and the size of RegAD's network", async () => {
  const rows: [number, number, Record<string, string>, string, number][] = [
    [3, 14, {}, "rotation_scale", 224],
    [3, 4, { mode: "rotation_translation", side: "60" }, "rotation_translation", 60],
    [6, 14, {}, "affine", 224],
    [1, 2, {}, "rotation", 32],
    [2, 2, { mode: "shear" }, "shear", 32],
  ];
  for (const [parameters, cells, facts, mode, side] of rows)
    assert.equal(told(parameters, cells, facts), { mode, side });
  await throwsCode(
    () => told(2, 14, { mode: "affine" }),
    "weights",
    /which affine does not take; modes that do: t/,
  );
  await throwsCode(() => told(7, 14), "weights", /of 7 parameters, which no mode takes/);
});

test("22 variants: quarter turns come back, a shift mirrors what is beyond the edge", () => {
  const side = 10;
  const pixels = Float32Array.from({ length: 3 * side * side }, (_, i) => (i * 37) % 256);
  const view = { width: side, height: side, pixels, box: { x: 0, y: 0, width: side, height: side } };
  const variant = (number: number, from = view) =>
    REGISTRATION_VARIANTS.variant(from as never, number) as typeof view;
  assert.is(REGISTRATION_VARIANTS.count, 22);
  const [quarter, half, three] = [19, 20, 21];
  assert.equal(variant(three, variant(quarter)).pixels, pixels);
  assert.equal(variant(quarter, variant(quarter)).pixels, variant(half).pixels);
  // The first shift takes values one pixel from the right and below; the last pixel is its own mirror image.
  const shifted = variant(9).pixels;
  const at = (values: Float32Array, y: number, x: number) => values[3 * (y * side + x)];
  assert.ok(Math.abs(at(shifted, 0, 0) - at(pixels, 1, 1)) < 1e-3);
  assert.ok(Math.abs(at(shifted, 9, 9) - at(pixels, 9, 9)) < 1e-3);
});

test.run();
