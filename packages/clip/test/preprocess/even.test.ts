import { test } from "uvu";
import * as assert from "uvu/assert";
import { CLIP_MEAN, CLIP_STD } from "../../src/config/types.js";
import { evenOut, normalize, turnSquare } from "../../src/index.js";

const SIZE = 12;

/** Pixels between `low` and `high`, the same for the same seed. */
function noise(seed: number, low: number, high: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: SIZE * SIZE * 3 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.round(low + (high - low) * (state / 0x7fffffff));
  });
}

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

const largestError = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

test("nothing configured, nothing done", () => {
  const pixels = noise(1, 0, 255);
  assert.equal([...evenOut(pixels, {})], [...Float32Array.from(pixels, (byte) => byte / 255)]);
});

test("every image comes to the same mean, and in proportion", () => {
  for (const [low, high] of [
    [50, 80],
    [90, 160],
    [150, 230],
  ] as const) {
    const pixels = noise(2, low, high);
    const even = evenOut(pixels, { brightness: 0.43 });
    assert.ok(Math.abs(mean(even) - 0.43) < 1e-6);
    const gain = 0.43 / (mean(pixels) / 255);
    assert.ok(
      largestError(
        even,
        Array.from(pixels, (byte) => (gain * byte) / 255),
      ) < 1e-6,
    );
  }
});

test("twice the exposure changes nothing", () => {
  const dim = noise(3, 60, 120);
  const bright = dim.map((byte) => 2 * byte);
  const [a, b] = [dim, bright].map((pixels) => evenOut(pixels, { brightness: 0.43, smoothing: 1 }));
  assert.ok(largestError(a!, b!) < 1e-6);
});

test("twice as bright or half as bright at most, and black stays black", () => {
  const even = evenOut(new Uint8Array(SIZE * SIZE * 3), { brightness: 0.43, smoothing: 2 });
  assert.ok(even.every((value) => value === 0));
  const dark = noise(7, 0, 60);
  assert.equal(
    evenOut(dark, { brightness: 0.43 }),
    Float32Array.from(dark, (byte) => 2 * Math.fround(byte / 255)),
  );
  const white = new Uint8Array(SIZE * SIZE * 3).fill(255);
  assert.ok(evenOut(white, { brightness: 0.2 }).every((value) => value === 0.5));
});

test("smoothing against a plain loop over neighbours, edges repeated", () => {
  const pixels = noise(4, 0, 255);
  let want = Float64Array.from(pixels, (byte) => byte / 255);
  for (const passes of [1, 2, 3]) {
    const at = (y: number, x: number, c: number) => {
      const inside = (v: number) => Math.min(SIZE - 1, Math.max(0, v));
      return want[(inside(y) * SIZE + inside(x)) * 3 + c]!;
    };
    want = want.map((_, i) => {
      const [y, x, c] = [Math.floor(i / 3 / SIZE), Math.floor(i / 3) % SIZE, i % 3];
      let sum = 0;
      for (const dy of [-1, 0, 1])
        for (const dx of [-1, 0, 1])
          sum += ((2 - Math.abs(dy)) * (2 - Math.abs(dx)) * at(y + dy, x + dx, c)) / 16;
      return sum;
    });
    assert.ok(largestError(evenOut(pixels, { smoothing: passes }), want) < 1e-6);
  }
});

test("it commutes with turning the square", () => {
  const pixels = noise(5, 0, 255);
  const config = { brightness: 0.43, smoothing: 1 };
  const even = evenOut(pixels, config);
  for (let turn = 0; turn < 8; turn++) {
    const turnedFirst = evenOut(turnSquare(pixels, SIZE, 3, turn), config);
    const places = turnSquare(
      Uint8Array.from({ length: SIZE * SIZE }, (_, i) => i),
      SIZE,
      1,
      turn,
    );
    places.forEach((place, i) => {
      for (let c = 0; c < 3; c++) {
        assert.ok(Math.abs(turnedFirst[3 * i + c]! - even[3 * place + c]!) < 1e-6);
      }
    });
  }
});

test("normalising evens out where the configuration says so, into the place given", () => {
  const pixels = noise(6, 30, 200);
  const config = { mean: CLIP_MEAN, std: CLIP_STD, brightness: 0.43, smoothing: 1 };
  const even = evenOut(pixels, config);
  const out = new Float32Array(pixels.length + 2).fill(7);
  normalize(pixels, config, out, 1);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < SIZE * SIZE; i++) {
      const want = (even[3 * i + c]! - CLIP_MEAN[c]!) / CLIP_STD[c]!;
      assert.ok(Math.abs(out[1 + c * SIZE * SIZE + i]! - want) < 1e-6);
    }
  }
  assert.equal([out[0], out.at(-1)], [7, 7]);
});

test.run();
