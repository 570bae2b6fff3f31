import fc from "fast-check";
import * as assert from "uvu/assert";
import type { Device } from "../../src/device/device.js";
import { cast, ones, scope, tensor } from "../../src/index.js";
import { type Conv2dOptions, conv2d, packConv } from "../../src/ops/conv.js";
import { sizeOf } from "../../src/shape.js";
import { rawDevice } from "../device/raw-device.js";
import { close, deviceTests, FAMILIES, noLeaks, random, throwsCode, valuesOf } from "../support.js";
import { type Case, reference } from "./conv-reference.js";

const test = deviceTests(FAMILIES);
const testOnce = deviceTests();

async function compare(device: Device, c: Case, options: Conv2dOptions = {}): Promise<void> {
  const [x, weight, bias] = [random(1, sizeOf(c.x)), random(2, sizeOf(c.weight)), random(3, c.weight[0])];
  const { stride, padding, dilation, groups } = c;
  for (const biased of [false, true]) {
    const want = reference(c, x, weight, biased ? bias : undefined);
    const out = scope(() =>
      conv2d(tensor(device, x, c.x), tensor(device, weight, c.weight), {
        ...{ stride, padding, dilation, groups, ...options },
        bias: biased ? tensor(device, bias) : undefined,
      }),
    );
    assert.equal(out.shape, want.shape);
    // Sums of up to 600 products of values below 1, one after the other in float32.
    close(await out.data(), want.values, { abs: 1e-5, rel: 2e-6 }, JSON.stringify(c));
    out.dispose();
  }
}

const CASES: Case[] = [
  { x: [2, 3, 8, 8], weight: [5, 3, 4, 4], stride: [4, 4] },
  { x: [1, 1, 1, 1], weight: [1, 1, 1, 1] },
  { x: [1, 2, 5, 7], weight: [3, 2, 3, 3], padding: [1, 1] },
  { x: [2, 4, 6, 5], weight: [6, 2, 3, 2], padding: [2, 1], stride: [2, 1], groups: 2 },
  { x: [1, 6, 9, 9], weight: [6, 1, 3, 3], dilation: [2, 3], padding: [2, 3], groups: 6 },
  { x: [3, 5, 4, 4], weight: [7, 5, 1, 1] },
  { x: [1, 1, 2, 2], weight: [2, 1, 5, 5], padding: [3, 3], stride: [3, 2] },
  { x: [0, 2, 4, 4], weight: [3, 2, 2, 2] },
  { x: [2, 0, 4, 4], weight: [3, 0, 2, 2] },
  { x: [2, 2, 4, 4], weight: [0, 2, 2, 2] },
  { x: [1, 3, 28, 28], weight: [33, 3, 14, 14], stride: [14, 14] },
  // A tall tile of windows.
  { x: [2, 8, 12, 12], weight: [40, 8, 3, 3], padding: [1, 1] },
];

test("conv2d equals its definition", async (device) => {
  for (const c of CASES) await compare(device, c);
});

testOnce("conv2d equals its definition for any sizes", async (device) => {
  const size = (max: number) => fc.integer({ min: 1, max });
  const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const cases = fc
    .record({ b: size(3), h: size(9), w: size(9), out: size(3), depth: size(3), kh: size(4), kw: size(4) })
    .chain((s) =>
      fc
        .record({
          stride: pair(1, 3),
          padding: pair(0, 3),
          dilation: pair(1, 2),
          groups: fc.integer({ min: 1, max: 3 }),
        })
        .map(
          (o): Case => ({
            ...o,
            x: [s.b, s.depth * o.groups, s.h, s.w],
            weight: [s.out * o.groups, s.depth, s.kh, s.kw],
          }),
        ),
    )
    .filter((c) =>
      [0, 1].every(
        (i) => c.x[2 + i] + 2 * (c.padding?.[i] ?? 0) > (c.dilation?.[i] ?? 1) * (c.weight[2 + i] - 1),
      ),
    );
  await fc.assert(
    fc.asyncProperty(cases, (c) => compare(device, c)),
    { numRuns: 40, seed: 9 },
  );
});

testOnce("conv2d with packed filters, also in half precision, and channels last", async (device) => {
  const c = CASES[3];
  const [x, weight] = [
    random(1, sizeOf(c.x)),
    random(2, sizeOf(c.weight), -1, 1).map((v) => Math.round(v * 64) / 64),
  ];
  const want = reference(c, x, weight);
  const { stride, padding } = c;
  const image = tensor(device, x, c.x);
  const source = tensor(device, weight, c.weight);
  const halfSource = cast(source, "float16");
  for (const dtype of ["float32", "float16"] as const) {
    for (const from of [source, halfSource]) {
      using filters = scope(() => packConv(from, { groups: 2, dtype }));
      close(await valuesOf(() => conv2d(image, filters, { stride, padding })), want.values, 1e-5, dtype);
    }
  }
  const last = conv2d(image, source, { stride, padding, groups: 2, channelsLast: true });
  const [b, out, oh, ow] = want.shape;
  assert.equal(last.shape, [b, oh, ow, out]);
  close(
    await last.data(),
    Array.from({ length: last.size }, (_, i) => {
      const [o, pixel] = [i % out, Math.floor(i / out)];
      return want.values[(Math.floor(pixel / (oh * ow)) * out + o) * oh * ow + (pixel % (oh * ow))];
    }),
    1e-5,
  );
  for (const t of [image, source, halfSource, last]) t.dispose();
});

testOnce("conv2d cuts the column matrix to the binding limit", async () => {
  // 32 KiB: the columns of both cases take four times that.
  const { device, errors } = await rawDevice({ maxBindingBytes: 2 ** 15 });
  await noLeaks(device, async () => {
    await compare(device, { x: [2, 3, 24, 25], weight: [2, 3, 8, 8], stride: [2, 2] });
    await compare(device, {
      x: [2, 4, 20, 20],
      weight: [2, 2, 5, 5],
      stride: [1, 2],
      padding: [2, 0],
      groups: 2,
    });
  });
  assert.equal(errors, []);
  device.close();
});

testOnce("conv2d refuses what does not fit", async (device) => {
  const [x, weight, two] = [ones(device, [1, 3, 4, 4]), ones(device, [2, 3, 3, 3]), ones(device, [2])];
  await throwsCode(() => conv2d(two, weight), "shape", /x is \[2\]/);
  await throwsCode(() => conv2d(x, two), "shape", /weight is \[2\]/);
  await throwsCode(() => conv2d(x, weight, { groups: 2 }), "shape", /must be \[b, 6, h, w\]/);
  await throwsCode(() => conv2d(x, weight, { groups: 3 }), "argument", /2 filters.*3 groups/);
  await throwsCode(() => conv2d(x, weight, { groups: 0 }), "argument", /groups/);
  await throwsCode(() => conv2d(x, weight, { dilation: 2 }), "shape", /does not fit.*pad more/);
  await throwsCode(() => conv2d(x, weight, { stride: 0 }), "argument", /stride 0/);
  await throwsCode(() => conv2d(x, weight, { padding: [1, -1] }), "argument", /padding \[1, -1\]/);
  await throwsCode(() => conv2d(x, weight, { padding: 0.5 }), "argument", /padding/);
  await throwsCode(() => conv2d(x, weight, { bias: weight }), "shape", /bias is/);
  using packed = packConv(weight);
  await throwsCode(() => conv2d(x, packed, { groups: 2 }), "argument", /packed for 1/);
  const wide = conv2d(x, packed, { groups: 1, padding: 1 });
  assert.equal(wide.shape, [1, 2, 4, 4]);
  for (const t of [x, weight, two, wide]) t.dispose();
});

test.run();
testOnce.run();
