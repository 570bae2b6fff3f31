import * as assert from "uvu/assert";
import { type Device, nn, type Tensor, tensor } from "../../src/index.js";
import { close, deviceTests, FAMILIES, random, throwsCode, valuesOf } from "../support.js";

const test = deviceTests(FAMILIES);

/** A norm, a layer after it that it folds into, and a layer with a gain that folds into it. */
class Net extends nn.Module {
  readonly norm = new nn.LayerNorm(5);
  readonly first = new nn.Linear(5, 7, { seed: 1 });
  readonly second = new nn.Linear(7, 5, { seed: 2 });
  readonly gain = new nn.Parameter([5], { role: "gain" });

  forward(x: Tensor): Tensor {
    const hidden = this.first.forward(x, { norm: this.norm, activation: "relu" });
    const y = this.second.forward(hidden, { gain: this.gain, residual: x });
    hidden.dispose();
    return y;
  }

  override freeze(options: nn.FreezeOptions = {}): this {
    this.first.freeze({ ...options, norm: this.norm });
    this.second.freeze({ ...options, gain: this.gain });
    return super.freeze(options);
  }
}

const values = new Map(
  [...new Net().namedParameters()].map(([name, { size }], i) => [name, random(20 + i, size)]),
);
const read = (name: string) => values.get(name) as Float32Array;
const filled = async (device: Device, net = new Net()): Promise<Net> => {
  await nn.fill(device, net.namedParameters(), read);
  return net;
};

test("a frozen network computes the same values, whether it is frozen before or after it is filled", async (device) => {
  const x = tensor(device, random(3, 15), [3, 5]);
  using plain = await filled(device);
  const want = await valuesOf(() => plain.forward(x));
  using after = (await filled(device)).freeze();
  const got = await valuesOf(() => after.forward(x));
  close(got, want, 2e-6);
  using before = await filled(device, new Net().freeze());
  close(await valuesOf(() => before.forward(x)), got, 0);
  using half = await filled(device, new Net().freeze({ dtype: "float16" }));
  close(await valuesOf(() => half.forward(x)), want, 5e-3);
  x.dispose();
});

test("a second freeze changes nothing, and frozen parameters take no part in training", async (device) => {
  using net = (await filled(device)).freeze().freeze({ dtype: "float16" });
  assert.is(net.parameters().length, 0);
  assert.is(net.namedParameters().size, 7);
  const { weight } = net.second;
  await throwsCode(() => weight.value, "argument", /parameter \[5, 7\] is packed for products/);
  const other = tensor(device, new Float32Array(35), [5, 7]);
  await throwsCode(() => weight.set(other), "argument", /is packed and takes no new values/);
  other.dispose();
});

test("a layer with a norm or a gain folded in refuses to run without it", async (device) => {
  using net = (await filled(device)).freeze();
  const x = tensor(device, random(3, 5), [1, 5]);
  await throwsCode(() => net.first.forward(x), "argument", /a layer norm or a gain folded in; pass the same/);
  const hidden = tensor(device, random(3, 7), [1, 7]);
  await throwsCode(() => net.second.forward(hidden), "argument", /or a gain folded in/);
  hidden.dispose();
  x.dispose();
});

test("a frozen table is kept in float16, whenever it is filled", async (device) => {
  const rows = Float32Array.of(1, 2, 0.1, 4);
  const make = async (first: boolean) => {
    const table = new nn.Embedding(2, 2);
    if (first) table.freeze({ dtype: "float16" });
    await nn.fill(device, table.namedParameters(), () => rows);
    return table.freeze({ dtype: "float16" });
  };
  for (const first of [true, false]) {
    using table = await make(first);
    assert.is(table.weight.value.dtype, "float16");
    assert.is(table.bytes, 8);
    const got = await valuesOf(() => table.forward([1, 0]));
    close(got, [0.0999755859375, 4, 1, 2], 0);
  }
});

test("fill asks for one parameter at a time, reports its progress, and frees everything where it fails", async (device) => {
  const before = device.memory().tensors;
  const seen: [number, number][] = [];
  const net = new Net();
  await nn.fill(device, net.namedParameters(), read, (...at) => seen.push(at));
  assert.equal(seen.at(-1), [97, 97]);
  assert.equal(
    seen.map(([at]) => at),
    [5, 10, 45, 52, 87, 92, 97],
  );
  net.dispose();
  let left = 4;
  const failing = (name: string) => {
    if (--left === 0) throw new Error("the disk went away");
    return read(name);
  };
  await nn.fill(device, new Net().freeze().namedParameters(), failing).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, "the disk went away"),
  );
  assert.is(device.memory().tensors, before);
});

test.run();
