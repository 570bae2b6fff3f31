import * as assert from "uvu/assert";
import {
  attention,
  type Device,
  describeGradcheck,
  gather,
  grad,
  gradcheck,
  inverseNorm,
  mul,
  type Shape,
  sum,
  type Tensor,
  takeAlongAxis,
  tensor,
  topk,
} from "../../src/index.js";
import { scatterAlongAxis } from "../../src/ops/along-axis.js";
import { scatterAdd } from "../../src/ops/gather.js";
import { sizeOf } from "../../src/shape.js";
import { close, deviceTests, generator, random, valuesOf } from "../support.js";

const test = deviceTests();

async function agrees(
  device: Device,
  f: (...xs: Tensor[]) => Tensor,
  shapes: Shape[],
  reference: (...xs: Float64Array[]) => ArrayLike<number>,
): Promise<void> {
  const inputs = shapes.map((shape, i) => {
    const next = generator(7 * i + sizeOf(shape));
    return { shape, values: Array.from({ length: sizeOf(shape) }, () => 3 * next() - 1.5) };
  });
  const report = await gradcheck(device, f, inputs, { reference, tolerance: 3e-5 });
  assert.ok(report.ok, describeGradcheck(report));
}

const ints = (device: Device, values: number[], shape: Shape): Tensor =>
  tensor(device, Int32Array.from(values), shape);

test("takeAlongAxis adds up what was taken more than once", async (device) => {
  await agrees(
    device,
    (x) => takeAlongAxis(x, ints(device, [2, 0, 2, 1, 1, 1], [2, 3]), 1),
    [[2, 3]],
    (x) => [x[2], x[0], x[2], x[4], x[4], x[4]],
  );
  await agrees(
    device,
    (x) => takeAlongAxis(x, ints(device, [1, 0, 0, 1, 1, 1], [3, 1, 2]), 0),
    [[2, 1, 2]],
    (x) => [x[2], x[1], x[0], x[3], x[2], x[3]],
  );
  // One-element axes, and indices outside that take the nearest end.
  await agrees(
    device,
    (x) => takeAlongAxis(x, ints(device, [0, 0, 0], [3]), 0),
    [[1]],
    (x) => [x[0], x[0], x[0]],
  );
  await agrees(
    device,
    (x) => takeAlongAxis(x, ints(device, [-4, 9], [2]), 0),
    [[3]],
    (x) => [x[0], x[2]],
  );
});

test("topk's values send gradients to where they stood", async (device) => {
  const best = (x: Float64Array, n: number, k: number, sign: number) =>
    Array.from({ length: x.length / n }, (_, i) =>
      [...x.subarray(i * n, (i + 1) * n)].sort((a, b) => sign * (a - b)).slice(0, k),
    ).flat();
  await agrees(
    device,
    (x) => topk(x, 3).values,
    [[2, 6]],
    (x) => best(x, 6, 3, -1),
  );
  await agrees(
    device,
    (x) => topk(x, 2, { largest: false }).values,
    [[3, 4]],
    (x) => best(x, 4, 2, 1),
  );
  await agrees(
    device,
    (x) => topk(x, 1).values,
    [[2, 1]],
    (x) => x,
  );
  const x = tensor(device, [1, 5, 2]);
  const g = grad((a: Tensor) => {
    const { values, indices } = topk(a, 1);
    assert.is(indices.dtype, "int32");
    return sum(mul(values, 3));
  })(x);
  close(await g.data(), [0, 3, 0], 0);
  x.dispose();
  g.dispose();
});

test("scatterAdd and scatterAlongAxis have gathers as gradients", async (device) => {
  await agrees(
    device,
    (v) => scatterAdd(v, ints(device, [1, 0, 1], [3]), [2, 2], 0),
    [[3, 2]],
    (v) => [v[2], v[3], v[0] + v[4], v[1] + v[5]],
  );
  await agrees(
    device,
    (v) => scatterAdd(v, ints(device, [1, 1, 0, 1], [2, 2]), [1, 2], 1),
    [[1, 2, 2]],
    (v) => [v[2], v[0] + v[1] + v[3]],
  );
  await agrees(
    device,
    (v) => scatterAlongAxis(v, ints(device, [2, 0, 2, 1, 1, 1], [2, 3]), [2, 3], 1),
    [[2, 3]],
    (v) => [v[1], 0, v[0] + v[2], 0, v[3] + v[4] + v[5], 0],
  );
});

test("scatterAdd equals a loop, bit for bit each time", async (device) => {
  const [outer, size, inner, picks] = [3, 40, 7, 300];
  const next = generator(5);
  const index = Array.from({ length: picks }, () => Math.floor(44 * next()) - 2);
  const values = random(6, outer * picks * inner);
  const want = new Float32Array(outer * size * inner);
  for (let o = 0; o < outer; o++)
    for (let p = 0; p < picks; p++)
      for (let j = 0; j < inner; j++) {
        const place = Math.min(Math.max(index[p], 0), size - 1);
        want[(o * size + place) * inner + j] += values[(o * picks + p) * inner + j];
      }
  const make = () =>
    valuesOf(() =>
      scatterAdd(
        tensor(device, values, [outer, picks, inner]),
        ints(device, index, [picks]),
        [outer, size, inner],
        1,
      ),
    );
  close(await make(), want, 0);
  close(await make(), want, 0);
  const none = await valuesOf(() =>
    scatterAdd(tensor(device, new Float32Array(0), [0, 2]), ints(device, [], [0]), [3, 2], 0),
  );
  close(none, new Array(6).fill(0), 0);
});

test("gather from one row, and by uint32 indices of two axes", async (device) => {
  await agrees(
    device,
    (x) => gather(x, tensor(device, Uint32Array.of(0, 0, 0, 0), [2, 2]), 0),
    [[1, 2]],
    (x) => [x[0], x[1], x[0], x[1], x[0], x[1], x[0], x[1]],
  );
});

test("inverseNorm, also of a row of zeros", async (device) => {
  const inverse = (x: Float64Array, n: number) =>
    Array.from({ length: x.length / n }, (_, i) => 1 / Math.hypot(...x.subarray(i * n, (i + 1) * n)));
  await agrees(
    device,
    (x) => inverseNorm(x),
    [[2, 2, 3]],
    (x) => inverse(x, 3),
  );
  await agrees(
    device,
    (x) => inverseNorm(x),
    [[3, 1]],
    (x) => inverse(x, 1),
  );
  const x = tensor(device, [
    [0, 0],
    [3, 4],
  ]);
  const g = grad((a: Tensor) => sum(inverseNorm(a)))(x);
  close(await g.data(), [0, 0, -3 / 125, -4 / 125], 1e-8);
  x.dispose();
  g.dispose();
});

test("attention's mask has a gradient, broadcast too", async (device) => {
  const [heads, t, d] = [2, 3, 2];
  for (const shape of [
    [heads, t, t],
    [t, t],
    [1, 1, t],
    [heads, 1, 1],
  ] as Shape[]) {
    const place = (h: number, i: number, j: number) => {
      const [a, b, c] = [new Array<number>(3 - shape.length).fill(1), shape].flat();
      return ((a === 1 ? 0 : h) * b + (b === 1 ? 0 : i)) * c + (c === 1 ? 0 : j);
    };
    await agrees(
      device,
      (q, k, v, mask) => attention(q, k, v, { mask }),
      [[heads, t, d], [heads, t, d], [heads, t, d], shape],
      (q, k, v, mask) => {
        const out: number[] = [];
        for (let h = 0; h < heads; h++)
          for (let i = 0; i < t; i++) {
            const e = Array.from({ length: t }, (_, j) => {
              let dot = 0;
              for (let c = 0; c < d; c++) dot += q[(h * t + i) * d + c] * k[(h * t + j) * d + c];
              return Math.exp(dot / Math.sqrt(d) + mask[place(h, i, j)]);
            });
            const total = e.reduce((a, b) => a + b, 0);
            for (let c = 0; c < d; c++)
              out.push(e.reduce((a, w, j) => a + (w / total) * v[(h * t + j) * d + c], 0));
          }
        return out;
      },
    );
  }
});

test("scatterAdd over more places than there are invocations, many of them taken often", async (device) => {
  const next = generator(4);
  for (const [picks, size, width] of [
    [3000, 2500, 3],
    [2000, 7, 1],
    [1, 900, 5],
  ] as const) {
    const index = Int32Array.from({ length: picks }, () => Math.floor(next() ** 2 * size));
    const values = Float32Array.from({ length: picks * width }, () => next() - 0.5);
    const want = new Float64Array(size * width);
    values.forEach((value, i) => {
      want[index[Math.floor(i / width)] * width + (i % width)] += value;
    });
    const got = await valuesOf(() =>
      scatterAdd(tensor(device, values, [picks, width]), tensor(device, index), [size, width], 0),
    );
    close(got, want, 2e-5);
  }
});

test.run();
