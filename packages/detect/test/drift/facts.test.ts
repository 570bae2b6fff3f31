import { test } from "uvu";
import * as assert from "uvu/assert";
import { imageFacts, pixelFacts, regionFacts } from "../../src/drift/facts.js";
import { regionOfBox } from "../../src/images/region.js";

/** A gray view. */
const gray = (rows: readonly (readonly number[])[], of: (value: number) => number = (value) => value) => ({
  width: rows[0].length,
  height: rows.length,
  pixels: Float32Array.from(rows.flat().flatMap((value) => [of(value), of(value), of(value)])),
});
const close = (got: number, want: number) =>
  assert.ok(Math.abs(got - want) < 1e-4 * (1 + Math.abs(want)), `${got}, want ${want}`);

const SPOT = [
  [0, 0, 0, 0],
  [0, 80, 0, 0],
  [0, 0, 0, 0],
];

test("facts of a spot are those by hand", () => {
  const { brightness, contrast, sharpness } = pixelFacts([gray(SPOT)]);
  close(brightness, 80 / 12);
  const variance = 80 ** 2 / 12 - (80 / 12) ** 2;
  close(contrast, Math.sqrt(variance));
  // Laplacians of the two inner pixels are 320 and -80, whose variance is 200 squared.
  close(sharpness, 200 ** 2 / variance);
});

test("gain and offset leave sharpness as it is, blur does not", () => {
  const { sharpness } = pixelFacts([gray(SPOT)]);
  close(pixelFacts([gray(SPOT, (value) => 0.7 * value + 20)]).sharpness, sharpness);
  const blurred = SPOT.map((row, y) => row.map((_, x) => (Math.abs(x - 1) + Math.abs(y - 1) < 2 ? 16 : 0)));
  assert.ok(pixelFacts([gray(blurred)]).sharpness < sharpness / 2);
});

test("luma weighs colours as Rec. 601 does", () => {
  const view = { width: 3, height: 1, pixels: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255) };
  close(pixelFacts([view]).brightness, 85);
  close(pixelFacts([{ ...view, width: 1, pixels: Uint8Array.of(0, 255, 0) }]).brightness, 0.587 * 255);
});

test("a flat view and one of a pixel have no sharpness", () => {
  assert.equal(pixelFacts([gray([[9, 9, 9]])]), { brightness: 9, contrast: 0, sharpness: 0 });
  assert.is(pixelFacts([gray([[200]])]).sharpness, 0);
});

test("views count alike, and maps by their median", () => {
  const pixels = pixelFacts([gray([[0]]), gray([[100]])]);
  assert.is(pixels.brightness, 50);
  const map = (...values: number[]) => ({ map: { values: Float32Array.from(values) } });
  assert.is(imageFacts({ pixels, views: [map(1, 9, 2), map(4)] })?.patches, 3);
  assert.is(imageFacts({ views: [map(1)] }), undefined);
  // Patches outside of a region are 0 in the map, and tell nothing; nor does a view that has none inside.
  const within = (inside: number[], ...values: number[]) => ({
    ...map(...values),
    inside: Uint8Array.from(inside),
  });
  const views = [within([0, 1, 1, 0, 1], 0, 5, 7, 0, 6), within([0, 0], 0, 0), within([1, 0], 8, 0)];
  assert.is(imageFacts({ pixels, views })?.patches, 7);
});

test("facts of a region see no pixel outside, nor an edge to one", () => {
  const of = { width: 8, height: 3 };
  const region = regionOfBox({ x: 0.5, y: 0, width: 0.5, height: 1 });
  const image = (left: number) =>
    SPOT.map((row, y) => [...row.map((_, x) => (left * (3 * x + 5 * y)) % 255), ...row]);
  const whole = (left: number) => ({ ...gray(image(left)), box: { x: 0, y: 0, ...of } });
  const seen = regionFacts([whole(9)], { region, of });
  assert.equal(seen, regionFacts([whole(70)], { region, of }));
  assert.equal(seen, { ...pixelFacts([gray(SPOT)]), regional: true });
  const { sharpness } = regionFacts([{ ...gray(image(1)), box: { x: 4, y: 0, width: 4, height: 3 } }], {
    ...{ of, region: regionOfBox({ x: 0, y: 0, width: 1, height: 1 }) },
  });
  assert.is(sharpness, pixelFacts([gray(image(1))]).sharpness);
  // A view that shows nothing of it does not count; where none does, all facts are 0.
  const left = { ...gray(SPOT, () => 255), box: { x: 0, y: 0, width: 4, height: 3 } };
  assert.equal(regionFacts([left, whole(9)], { region, of }), seen);
  assert.equal(regionFacts([left], { region, of }), {
    ...{ brightness: 0, contrast: 0, sharpness: 0, regional: true },
  });
});

test.run();
