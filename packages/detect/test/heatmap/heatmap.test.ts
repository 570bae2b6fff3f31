import type { Picture } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inferno, scaleOf, shareOf } from "../../src/heatmap/colormap.js";
import { textWidth } from "../../src/heatmap/font.js";
import { renderPanel } from "../../src/heatmap/panel.js";
import { formatValue, legendSize, renderHeatmap } from "../../src/heatmap/render.js";
import { resizeImage, upsampleMap } from "../../src/heatmap/resample.js";

const SCALE = { low: 0, high: 1 };

function gray(width: number, height: number, level: (x: number, y: number) => number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let p = 0; p < width * height; p++)
    data.fill(level(p % width, Math.floor(p / width)), p * 3, p * 3 + 3);
  return { width, height, data };
}

function pixel({ width, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

/** Values as a map with as many rows as columns. */
const square = (values: ArrayLike<number>) => {
  const side = Math.sqrt(values.length);
  return { rows: side, columns: side, values: Float32Array.from(values) };
};

test("inferno runs from black to pale yellow and only grows lighter", () => {
  assert.equal(inferno(0), [0, 0, 4]);
  assert.equal(inferno(1), [252, 255, 164]);
  assert.equal([inferno(-3), inferno(Number.NaN), inferno(7)], [inferno(0), inferno(0), inferno(1)]);
  let before = -1;
  for (let i = 0; i <= 100; i++) {
    const [r, g, b] = inferno(i / 100);
    const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    assert.ok(light > before, `lightness falls at ${i}%`);
    before = light;
  }
});

test("a scale spans all finite values and clamps the rest", () => {
  assert.equal(scaleOf([[0.5, Number.NaN], new Float32Array([0.25, Number.POSITIVE_INFINITY])]), {
    low: 0.25,
    high: 0.5,
  });
  assert.is(scaleOf([[Number.NaN], []]), null);
  assert.equal(
    [-1, 0.25, 9].map((value) => shareOf(value, { low: 0, high: 0.5 })),
    [0, 0.5, 1],
  );
  assert.is(shareOf(3, { low: 3, high: 3 }), 0);
});

test("the map takes its values at patch centres and is linear between them", () => {
  const map = [0, 1, 2, 3, 4, 5];
  const up = upsampleMap(map, 3, 2, 9, 6);
  const at = (x: number, y: number) => up[y * 9 + x];
  assert.equal(
    [at(1, 1), at(4, 1), at(7, 1)].map((v) => v.toFixed(6)),
    ["0.000000", "1.000000", "2.000000"],
  );
  assert.ok(Math.abs(at(2, 0) - 1 / 3) < 1e-6, `${at(2, 0)}`);
  assert.ok(Math.abs(at(0, 0)) < 1e-6 && Math.abs(at(8, 5) - 5) < 1e-6, "edges repeat the outer patches");
  assert.ok(upsampleMap([7], 1, 1, 4, 4).every((v) => Math.abs(v - 7) < 1e-5));
});

test("resizing keeps the same size and flat images as they are, and averages when shrinking", () => {
  const image = gray(7, 5, (x, y) => x * 30 + y);
  assert.equal(resizeImage(image, { x: 0, y: 0, width: 7, height: 5 }, 7, 5), image);
  const flat = resizeImage(
    gray(50, 40, () => 99),
    { x: -3, y: -3, width: 20, height: 20 },
    13,
    13,
  );
  assert.ok(flat.data.every((v) => v === 99));
  const stripes = resizeImage(
    gray(64, 4, (x) => (x % 2) * 200),
    { x: 0, y: 0, width: 64, height: 4 },
    8,
    4,
  );
  assert.ok(
    stripes.data.every((v) => Math.abs(v - 100) <= 7),
    `${stripes.data}`,
  );
});

test("a heat map has the image's size, is hot where the map is, and gray outside the box", () => {
  const map = square(new Float32Array(9));
  map.values[5] = 1;
  const image = gray(60, 30, () => 128);
  const picture = renderHeatmap({
    image,
    map,
    box: { x: 15, y: 0, width: 30, height: 30 },
    scale: SCALE,
  });
  assert.equal([picture.width, picture.height, picture.data.length], [60, 30, 7200]);
  const [r, g, b, a] = pixel(picture, 15 + 25, 15) as [number, number, number, number];
  assert.ok(r > 180 && g > 180 && b < r && a === 255, `hot pixel is ${[r, g, b]}`);
  const cold = pixel(picture, 15 + 5, 15);
  assert.ok(cold[0] < 100, `cold pixel is ${cold}`);
  const outside = pixel(picture, 3, 15);
  assert.ok(outside[0] === outside[1] && outside[1] === outside[2], `outside is ${outside}`);
});

test("the scale is shared: the same value has the same colour whatever else the map holds", () => {
  const image = gray(30, 30, () => 50);
  const render = (other: number) => {
    const map = square([0.4, 0.4, other, 0.4, 0.4, other, 0.4, 0.4, other]);
    return pixel(renderHeatmap({ image, map, scale: SCALE }), 3, 15);
  };
  assert.equal(render(0.9), render(0));
});

test("a legend widens the picture", () => {
  const image = gray(200, 200, (x) => x);
  const options = { image, map: square([1]), scale: SCALE };
  const wide = renderHeatmap({ ...options, legend: true });
  assert.ok(wide.width > 230 && wide.height === 200);
  const plain = renderHeatmap(options);
  assert.equal(pixel(wide, 100, 100), pixel(plain, 100, 100));
  let ink = 0;
  for (let x = 200; x < wide.width; x++) for (let y = 0; y < 200; y++) if (pixel(wide, x, y)[0] < 90) ink++;
  assert.ok(ink > 100, "numbers are drawn");
  renderHeatmap({ ...options, image: gray(8, 3, () => 1), legend: true });
});

test("a panel frames both patches and is the same each time", () => {
  const image = gray(100, 100, () => 90);
  const map = square(new Float32Array(25));
  const view = { image, rows: 5, columns: 5, caption: "part_07.png" };
  const options = {
    query: { ...view, patch: 6 },
    prompt: { ...view, patch: 18 },
    map,
    scale: SCALE,
    score: 0.5,
    height: 200,
  };
  const panel = renderPanel(options);
  assert.equal(renderPanel(options).data, panel.data);
  const framed = (x: number) => {
    let top = -1;
    for (let y = 46; y < 246 && top < 0; y++) {
      const [r, , b] = pixel(panel, x, y);
      if (r === 0 && b === 255) top = y;
    }
    return top;
  };
  // Header of 45; patch 6 begins 40 pixels into the tile, and its frame of 2 lies around it.
  assert.is(framed(20 + 60), 45 + 40 - 2);
  assert.is(framed(panel.width - 20 - 200 + 140), 45 + 120 - 2);
  assert.ok(
    renderPanel({ ...options, query: { ...options.query, image: gray(900, 20, () => 5) } }).width < 1300,
  );
});

test("what does not fit is refused in one line", () => {
  const image = gray(10, 10, () => 0);
  const good = { image, map: square([1, 2, 3, 4]), scale: SCALE };
  assert.throws(
    () => renderHeatmap({ ...good, map: { ...good.map, rows: 3 } }),
    /4 values for 3 rows and 2 columns/,
  );
  assert.throws(() => renderHeatmap({ ...good, image: { ...image, width: 11 } }), /300 bytes for 11 x 10/);
  assert.throws(() => renderHeatmap({ ...good, scale: { low: 2, high: 1 } }), /low <= high/);
  assert.throws(() => renderHeatmap({ ...good, scale: { low: Number.NaN, high: 1 } }), /low <= high/);
  assert.throws(
    () => renderHeatmap({ ...good, box: { x: 5, y: 0, width: 10, height: 10 } }),
    /leaves the image/,
  );
  const view = { image, rows: 2, columns: 2, caption: "" };
  const panel = { query: { ...view, patch: 4 }, prompt: { ...view, patch: 0 }, map: good.map, scale: SCALE };
  assert.throws(() => renderPanel(panel), /no patch 4 in 2 rows and 2 columns/);
});

test("numbers are short", () => {
  assert.equal([0, 0.12345, -2.5, 0.00001234, 12345, Number.NaN].map(formatValue), [
    "0.000",
    "0.123",
    "-2.500",
    "1.2e-5",
    "1.2e+4",
    "-",
  ]);
});

test("a legend has room for its labels, below zero and with exponents too", () => {
  for (const height of [40, 240, 1024]) {
    const { bar, text, width } = legendSize(height);
    for (const value of [0.25, -0.025, 7.4e-4, -7.4e-4, -2.5e-9, -1.5e8])
      assert.ok(bar + text * 0.8 + textWidth(formatValue(value), text) <= width, `${value} at ${height}`);
  }
});

test.run();
