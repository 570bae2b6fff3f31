import * as assert from "uvu/assert";
import { packBytes, tensor } from "../../src/create.js";
import { bytePlanes, type FixedTaps, resizeBytes } from "../../src/ops/bytes.js";
import { scope } from "../../src/scope.js";
import { deviceTests, FAMILIES, generator, throwsCode, valuesOf } from "../support.js";
import { checkForwards, floats, Input, type Sample } from "./check-op.js";

const test = deviceTests(FAMILIES);

/** Bytes of a picture as `packBytes` packs them. */
function words(count: number, seed: number): Input {
  const next = generator(seed);
  const values = Array.from({ length: Math.ceil(count / 4) }, (_, i) => {
    const used = Math.min(4, count - 4 * i);
    return Array.from({ length: used }, () => Math.floor(256 * next())).reduce(
      (sum, v, c) => sum + v * 256 ** c,
      0,
    );
  });
  return new Input([values.length], { dtype: "uint32", values });
}

/** Taps of `count` outputs over `size` samples, one to four each, with weights that overshoot either way. */
function taps(count: number, size: number, seed: number): FixedTaps {
  const next = generator(seed);
  const counts = Int32Array.from({ length: count }, () => 1 + Math.floor(next() * Math.min(4, size)));
  const starts = counts.map((n) => Math.floor(next() * (size - n + 1)));
  const weights = Int32Array.from({ length: 4 * count }, () => (next() - 0.35) * 2 ** 22);
  return { starts, counts, weights, stride: 4 };
}

const picture = (
  width: number,
  height: number,
  channels: number,
  alpha: boolean,
  [rows, columns]: number[],
) => ({
  args: [
    words(width * height * channels, width + channels),
    { width, height, channels, alpha, across: taps(columns, width, 3), down: taps(rows, height, 4) },
  ],
  tolerance: 0,
});

test("sums of bytes are exact, in every mode, at odd sizes", async (device) => {
  const samples: Sample[] = [];
  for (const [channels, alpha] of [
    [1, false],
    [2, false],
    [2, true],
    [3, false],
    [4, false],
    [4, true],
  ] as const)
    for (const [width, height, out] of [
      [1, 1, [1, 1]],
      [1, 7, [3, 2]],
      [5, 3, [9, 13]],
      [67, 2, [1, 65]],
    ] as const)
      samples.push(picture(width, height, channels, alpha, [...out]));
  await checkForwards(device, resizeBytes as never, samples);
});

test("planes look each byte up in their own table", async (device) => {
  const pixels = (shape: number[]) =>
    new Input(shape, {
      dtype: "uint32",
      values: Array.from(
        { length: shape.reduce((a, b) => a * b) },
        (_, i) => Math.imul(i + 1, 2654435761) >>> 0,
      ),
    });
  await checkForwards(device, bytePlanes as never, [
    { args: [pixels([1, 1]), floats([1, 256])], tolerance: 0 },
    { args: [pixels([3, 5, 13]), floats([3, 256])], tolerance: 0 },
    { args: [pixels([2, 2, 3, 3]), floats([4, 256])], tolerance: 0 },
    { args: [new Input([0, 3, 3], { dtype: "uint32" }), floats([3, 256])] },
  ]);
});

test("bytes are packed as they are, whatever their number and place in a buffer", async (device) => {
  const all = Uint8Array.from({ length: 600_003 }, (_, i) => (i * 7) & 255);
  for (const [from, to] of [
    [0, 0],
    [0, 3],
    [1, 5],
    [3, 600_003],
    [2, 600_003],
  ]) {
    const bytes = all.subarray(from, to);
    const { buffer, byteLength } = await valuesOf(() => packBytes(device, bytes));
    const got = new Uint8Array(buffer, 0, byteLength);
    assert.is(got.length, 4 * Math.ceil(bytes.length / 4));
    assert.ok(
      bytes.every((byte, i) => got[i] === byte),
      `${from} to ${to}`,
    );
    assert.ok(got.subarray(bytes.length).every((byte) => byte === 0));
  }
});

test("what does not fit is named", async (device) => {
  const x = tensor(device, Uint32Array.of(1, 2, 3));
  const good = { width: 4, height: 1, channels: 3, across: taps(2, 4, 1), down: taps(1, 1, 2) };
  const refuse = (change: object, code: string, text: RegExp) =>
    throwsCode(() => scope(() => void resizeBytes(x, { ...good, ...change })), code, text);
  await refuse(
    { height: 2, down: taps(1, 2, 2) },
    "shape",
    /x is \[3\], and 4 x 2 pixels of 3 bytes are \[6\]/,
  );
  await refuse({ alpha: true }, "argument", /3 channels have no alpha/);
  await refuse({ channels: 5 }, "argument", /channels 5 must be a whole number from 1 to 4/);
  await refuse(
    { across: taps(2, 9, 1) },
    "argument",
    /across has 2 outputs that do not all lie within 4 samples/,
  );
  await refuse({ down: { ...good.down, counts: Int32Array.of(9) } }, "argument", /down has 1 outputs/);
  await throwsCode(() => bytePlanes(x, x), "shape", /\[3\] is no picture/);
  x.dispose();
});

test.run();
