import * as assert from "uvu/assert";
import { mean, nn, relu, square, sum, type Tensor, tensor, valueAndGrad } from "../../src/index.js";
import { close, deviceTests, throwsCode, valuesOf } from "../support.js";
import { agrees, inputOf, linear } from "./support.js";

const test = deviceTests();

test("Linear starts uniform within its bound, by seed and stream, and computes x W^T + b", async (device) => {
  const layers = [
    new nn.Linear(64, 16, { seed: 7 }).to(device),
    new nn.Linear(64, 16, { seed: 7 }).to(device),
    new nn.Linear(64, 16, { seed: 7, stream: 1 }).to(device),
  ];
  const [w, same, other] = await Promise.all(layers.map(({ weight }) => weight.value.data()));
  close(w, same, 0);
  assert.not.equal([...w], [...other]);
  for (const bound of [Math.max(...w), -Math.min(...w)])
    assert.ok(bound > 0.12 && bound <= 0.125, `${bound}`);
  const bias = await layers[0].bias!.value.data();
  assert.ok(new Set([...w, ...bias]).size > 1000, "the bias must go on where the weight ended");
  const x = inputOf([3, 64], 1);
  const got = await valuesOf(() => layers[0].forward(tensor(device, Float32Array.from(x.values), x.shape)));
  close(got, linear(x.values, w, bias, 64, 16), 2e-6);
  const one = await valuesOf(() =>
    layers[0].forward(tensor(device, Float32Array.from(x.values.slice(0, 64)))),
  );
  close(one, got.subarray(0, 16), 0);
  for (const layer of layers) layer.dispose();
});

test("Linear's gradients, with and without bias", async (device) => {
  using fc = new nn.Linear(3, 2).to(device);
  await agrees(
    device,
    fc,
    (x) => fc.forward(x),
    [2, 1, 3],
    (x, w, b) => linear(x, w, b, 3, 2),
  );
  using bare = new nn.Linear(1, 2, { bias: false }).to(device);
  assert.equal([...bare.namedParameters().keys()], ["weight"]);
  await agrees(
    device,
    bare,
    (x) => bare.forward(x),
    [3, 1],
    (x, w) => linear(x, w, null, 1, 2),
  );
});

test("LayerNorm's gradients", async (device) => {
  using norm = new nn.LayerNorm(4, { eps: 1e-3 }).to(device);
  await agrees(
    device,
    norm,
    (x) => norm.forward(x),
    [3, 4],
    (x, w, b) =>
      x.map((v, at) => {
        const row = x.subarray(at - (at % 4), at - (at % 4) + 4);
        const m = row.reduce((s, u) => s + u, 0) / 4;
        const spread = row.reduce((s, u) => s + (u - m) ** 2, 0) / 4;
        return ((v - m) / Math.sqrt(spread + 1e-3)) * w[at % 4] + b[at % 4];
      }),
  );
});

test("Embedding looks rows up, and sums the gradients of a repeated index", async (device) => {
  using table = new nn.Embedding(5, 2, { seed: 3 }).to(device);
  const rows = await table.weight.value.data();
  assert.ok(new Set(rows).size === 10);
  const ids = [
    [1, 4],
    [1, 0],
  ];
  close(
    await valuesOf(() => table.forward(tensor(device, ids, undefined, "int32"))),
    ids.flat().flatMap((i) => [rows[2 * i], rows[2 * i + 1]]),
    0,
  );
  const { value, gradients } = nn.gradientsOf(table.parameters(), () => sum(table.forward([1, 4, 1])));
  close(await gradients[0].data(), [0, 0, 2, 2, 0, 0, 0, 0, 1, 1], 0);
  value.dispose();
  gradients[0].dispose();
});

test("Dropout keeps its share of values, scaled, resumes its stream, and does nothing outside training", async (device) => {
  const size = 20000;
  const x = tensor(device, new Float32Array(size).fill(2));
  const dropout = new nn.Dropout(0.25, { seed: 9 });
  close(await valuesOf(() => dropout.forward(x)), new Array(size).fill(2), 0);
  assert.is(dropout.drawn, 0);
  dropout.train();
  const [first, second] = [
    await valuesOf(() => dropout.forward(x)),
    await valuesOf(() => dropout.forward(x)),
  ];
  for (const made of [first, second]) {
    assert.ok(made.every((v) => v === 0 || v === Math.fround(2 * Math.fround(1 / 0.75))));
    // Five standard deviations of the share.
    const kept = Array.from(made).filter((v) => v !== 0).length / size;
    assert.ok(Math.abs(kept - 0.75) < 5 * Math.sqrt((0.75 * 0.25) / size), `${kept}`);
  }
  assert.not.equal([...first], [...second]);
  dropout.drawn = size;
  close(await valuesOf(() => dropout.forward(x)), second, 0);
  const none = new nn.Dropout(1).train();
  const { value, gradients } = valueAndGrad(([a]: readonly Tensor[]) => sum(none.forward(a)))([x]);
  assert.is(await value.item(), 0);
  assert.ok((await gradients[0].data()).every((v) => v === 0));
  for (const t of [x, value, ...gradients]) t.dispose();
  await throwsCode(() => new nn.Dropout(1.5), "argument", /probability 1.5/);
});

test("Sequential names layers by place, and takes functions as layers", async (device) => {
  using net = new nn.Sequential(
    new nn.Linear(2, 3, { seed: 1 }),
    relu,
    new nn.Sequential(new nn.Linear(3, 1, { seed: 2 })),
    new nn.Dropout(0.5),
  ).to(device);
  assert.equal([...net.namedParameters().keys()], ["0.weight", "0.bias", "2.0.weight", "2.0.bias"]);
  assert.is(net.length, 4);
  const hidden = (x: Float64Array, w: Float64Array, b: Float64Array) =>
    linear(x, w, b, 2, 3).map((v) => Math.max(v, 0));
  await agrees(
    device,
    net,
    (x) => net.forward(x),
    [5, 2],
    (x, w1, b1, w2, b2) => linear(hidden(x, w1, b1), w2, b2, 3, 1),
  );
  net.train();
  assert.ok((net[3] as nn.Dropout).training);
  const x = tensor(device, [[1, 2]]);
  const empty = new nn.Sequential();
  const { value, gradients } = nn.gradientsOf(net.parameters(), () =>
    mean(square(empty.forward(net.forward(x)))),
  );
  for (const t of [x, value, ...gradients]) t.dispose();
});

test.run();
