import * as assert from "uvu/assert";
import {
  type Conv2dOptions,
  cast,
  conv2d,
  type Device,
  describeGradcheck,
  grad,
  gradcheck,
  packConv,
  type Shape,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { sizeOf } from "../../src/shape.js";
import { rawDevice } from "../device/raw-device.js";
import { type Case, reference } from "../ops/conv-reference.js";
import { close, deviceTests, FAMILIES, generator, noLeaks, throwsCode } from "../support.js";

const test = deviceTests(FAMILIES);
const testOnce = deviceTests();

const optionsOf = ({ stride, padding, dilation, groups, channelsLast }: Case): Conv2dOptions => ({
  stride,
  padding,
  dilation,
  groups,
  channelsLast,
});

function inputOf(shape: Shape, seed: number) {
  const next = generator(seed);
  return { shape, values: Array.from({ length: sizeOf(shape) }, () => 3 * next() - 1.5) };
}

async function agrees(device: Device, c: Case): Promise<void> {
  const report = await gradcheck(
    device,
    (x, weight, bias) => conv2d(x, weight, { ...optionsOf(c), bias }),
    [inputOf(c.x, 1), inputOf(c.weight, 2), inputOf([c.weight[0]], 3)],
    { reference: (x, weight, bias) => reference(c, x, weight, bias).values, tolerance: 2e-5 },
  );
  assert.ok(report.ok, `${JSON.stringify(c)}: ${describeGradcheck(report)}`);
}

const CASES: Case[] = [
  { x: [2, 2, 4, 4], weight: [3, 2, 2, 2], stride: [2, 2] },
  { x: [1, 1, 1, 1], weight: [1, 1, 1, 1] },
  { x: [1, 2, 4, 5], weight: [3, 2, 3, 3], padding: [1, 1] },
  { x: [2, 4, 5, 4], weight: [6, 2, 3, 2], padding: [2, 1], stride: [2, 1], groups: 2 },
  { x: [2, 4, 5, 4], weight: [6, 2, 3, 2], padding: [2, 1], stride: [2, 3], groups: 2, channelsLast: true },
  { x: [1, 3, 6, 7], weight: [3, 1, 3, 3], dilation: [2, 3], padding: [2, 3], groups: 3 },
  // More padding than the kernel reaches, and rows that no stride meets.
  { x: [1, 1, 2, 3], weight: [2, 1, 2, 2], padding: [3, 3], stride: [3, 2] },
  { x: [2, 1, 1, 6], weight: [1, 1, 1, 2], stride: [1, 4] },
];

test("conv2d's gradients agree with differences", async (device) => {
  for (const c of CASES) await agrees(device, c);
});

testOnce("conv2d's gradients of an empty batch are zeros", async (device) => {
  const [x, weight, bias] = scope(() => [
    tensor(device, new Float32Array(0), [0, 2, 3, 3]),
    tensor(device, new Float32Array(16), [2, 2, 2, 2]),
    tensor(device, [1, 2]),
  ]);
  const gradients = grad(([a, b, c]: readonly Tensor[]) => sum(conv2d(a, b, { bias: c })))([x, weight, bias]);
  assert.equal(gradients[0].shape, x.shape);
  close(await gradients[1].data(), new Array(16).fill(0), 0);
  close(await gradients[2].data(), [0, 0], 0);
  for (const t of [x, weight, bias, ...gradients]) t.dispose();
});

testOnce("conv2d's gradients are cut to the binding limit", async () => {
  const { device, errors } = await rawDevice({ maxBindingBytes: 2 ** 15 });
  await noLeaks(device, async () => {
    const [xShape, wShape] = [
      [2, 4, 20, 20],
      [2, 2, 5, 5],
    ];
    const options = { stride: [1, 2], padding: [2, 0], groups: 2 } as const;
    const xs = inputOf(xShape, 1).values.map((v) => Math.round(8 * v) / 8);
    const ws = inputOf(wShape, 2).values.map((v) => Math.round(8 * v) / 8);
    const whole = await rawDevice();
    const [cut, full] = [device, whole.device].map((on) =>
      scope(() =>
        grad(([a, b]: readonly Tensor[]) => sum(square(conv2d(a, b, options))))([
          tensor(on, xs, xShape),
          tensor(on, ws, wShape),
        ]),
      ),
    );
    // Eighths: all sums are exact, in any order.
    for (const i of [0, 1]) close(await cut[i].data(), await full[i].data(), 0);
    for (const t of [...cut, ...full]) t.dispose();
    whole.device.close();
  });
  assert.equal(errors, []);
  device.close();
});

testOnce("conv2d in half precision has float32 gradients; packed filters have none", async (device) => {
  const [x, weight] = [tensor(device, [[[[1, 2, 3]]]]), tensor(device, [[[[0.5, -1]]]])];
  const g = grad(([a, b]: readonly Tensor[]) => sum(conv2d(cast(a, "float16"), cast(b, "float16"))))([
    x,
    weight,
  ]);
  close(await g[0].data(), [0.5, -0.5, -1], 0);
  close(await g[1].data(), [3, 5], 0);
  const packed = packConv(weight);
  await throwsCode(() => grad((a: Tensor) => sum(conv2d(a, packed)))(x), "argument", /packed weight/);
  await throwsCode(
    () => grad((b: Tensor) => sum(conv2d(x, packConv(b))))(weight),
    "argument",
    /^packConv: no gradient flows back/,
  );
  packed.dispose();
  for (const t of [x, weight, ...g]) t.dispose();
});

test.run();
testOnce.run();
