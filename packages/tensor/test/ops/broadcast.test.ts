import fc from "fast-check";
import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { accessOf } from "../../src/ops/elementwise-run.js";
import * as ops from "../../src/ops/index.js";
import { broadcastShapes, type Shape, sizeOf } from "../../src/shape.js";
import { close, coordinates, deviceTests, flatIndex, random, valuesOf } from "../support.js";

// How elementwise ops broadcast their operands; elementwise.test.ts is about their values.
const test = deviceTests();

/** `sub` and `where` tell operands apart, so a swapped or misread one shows. */
async function broadcasts(device: Device, shapes: Shape[]): Promise<void> {
  const out = shapes.reduce((a, b) => broadcastShapes("test", a, b));
  const host = shapes.map((shape, i) => random(i + 1, sizeOf(shape)));
  const inputs = host.map((values, i) => tensor(device, values, shapes[i]));
  const [a, b] = inputs;
  const at = coordinates(out);
  const pick = (i: number) => (c: number[]) => host[i][flatIndex(c, shapes[i])];
  const label = shapes.map((shape) => `[${shape}]`).join(" ");
  if (shapes.length === 2) {
    const want = at.map((c) => Math.fround(pick(0)(c) - pick(1)(c)));
    close(await valuesOf(() => ops.sub(a, b)), want, 0, `sub ${label}`);
  } else {
    const want = at.map((c) => (pick(0)(c) > 0 ? pick(1)(c) : pick(2)(c)));
    close(await valuesOf(() => ops.where(ops.greater(a, 0), b, inputs[2])), want, 0, `where ${label}`);
  }
  for (const x of inputs) x.dispose();
}

test("broadcasts by every access, at sizes around and above a workgroup's", async (device) => {
  const pairs: [Shape, Shape][] = [
    [[], []],
    [[1], []],
    [[3000], []],
    [[], [70, 3]],
    [[37, 129], [129]],
    [[129], [37, 129]],
    [
      [37, 129],
      [37, 1],
    ],
    [
      [2, 5, 7, 11],
      [5, 1, 1],
    ],
    [
      [5, 1],
      [1, 7],
    ],
    [
      [2, 3, 2, 3, 2, 3],
      [3, 1, 3, 1, 3],
    ],
    [
      [2, 1, 2, 1, 2, 1],
      [1, 3, 1, 3, 1, 3],
    ],
    [
      [1, 1, 4],
      [2, 1, 1],
    ],
    [[200, 700], [700]],
    [
      [700, 200],
      [700, 1],
    ],
    [
      [64, 1, 64],
      [1, 40, 1],
    ],
    [[0, 3], [3]],
    [
      [4, 0],
      [4, 1],
    ],
    [[1], [0]],
    // In fours: a bias, factors, and one value for all.
    [[37, 128], [128]],
    [
      [37, 128],
      [37, 1],
    ],
    [
      [2, 5, 6, 8],
      [5, 1, 1],
    ],
    [
      [1, 1, 8],
      [3, 1, 8],
    ],
    [
      [1, 1],
      [300, 4],
    ],
    // A multiple of four whose runs are none.
    [[8, 6], [6]],
    [
      [8, 6],
      [8, 1],
    ],
  ];
  for (const pair of pairs) await broadcasts(device, pair);
  await broadcasts(device, [[4, 1], [3], [2, 1, 1]]);
  await broadcasts(device, [[], [5], [2, 5]]);
});

test("any shapes that broadcast agree with a plain loop", async (device) => {
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 6 }).chain((full) => {
    const part = fc
      .tuple(fc.nat({ max: full.length }), fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }))
      .map(([drop, ones]) => full.map((d, i) => (ones[i] ? 1 : d)).slice(drop));
    return fc.array(part, { minLength: 2, maxLength: 3 });
  });
  await fc.assert(
    fc.asyncProperty(shapes, (some) => broadcasts(device, some)),
    { numRuns: 40, seed: 1 },
  );
});

test("the cheapest access is chosen", () => {
  const access = (shape: Shape, target: Shape) => accessOf(shape, target);
  assert.equal(access([2, 3], [2, 3]), { access: "same" });
  assert.equal(access([1, 3], [3]), { access: "same" });
  assert.equal(access([], [2, 3]), { access: "cycle", inner: 6, size: 1 });
  assert.equal(access([3], [2, 3]), { access: "cycle", inner: 1, size: 3 });
  assert.equal(access([2, 1], [2, 3]), { access: "cycle", inner: 3, size: 2 });
  assert.equal(access([3, 1, 1], [2, 3, 4, 5]), { access: "cycle", inner: 20, size: 3 });
  assert.is(access([2, 1, 4], [2, 3, 4]).access, "strided");
});

test.run();
