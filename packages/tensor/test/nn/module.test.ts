import * as assert from "uvu/assert";
import {
  add,
  type Device,
  mul,
  nn,
  ones,
  relu,
  scope,
  setDefaultDevice,
  sum,
  Tensor,
  tensor,
  zeros,
} from "../../src/index.js";
import { close, deviceTests, throwsCode, valuesOf } from "../support.js";

const test = deviceTests();

class Block extends nn.Module {
  readonly fc: nn.Linear;
  readonly norms: (nn.BatchNorm | null)[];
  readonly scales: nn.Parameter[];
  readonly label = "not a part";

  constructor() {
    super();
    this.fc = new nn.Linear(2, 2, { seed: 1 });
    this.norms = [new nn.BatchNorm(2), null, new nn.BatchNorm(2)];
    this.scales = [new nn.Parameter([1], { initial: nn.filledWith(1) }), new nn.Parameter([1])];
  }

  forward(x: Tensor): Tensor {
    return scope(() => add(mul(relu(this.fc.forward(x)), this.scales[0].value), this.scales[1].value));
  }
}

const statistics = (n: number) => [
  `norms.${n}.weight`,
  `norms.${n}.bias`,
  `norms.${n}.running_mean`,
  `norms.${n}.running_var`,
  `norms.${n}.num_batches_tracked`,
];

test("names come from fields and places in arrays; buffers are not trainable", () => {
  const block = new Block();
  assert.equal(
    [...block.namedParameters().keys()].sort(),
    ["fc.weight", "fc.bias", "scales.0", "scales.1", ...statistics(0), ...statistics(2)].sort(),
  );
  assert.is(block.parameters().length, 8);
  assert.ok(block.parameters().every(({ trainable }) => trainable));
});

test("train sets and clears the mode of every module inside", () => {
  const block = new Block();
  assert.is(block.train(), block);
  for (const module of [block, block.fc, block.norms[0], block.norms[2]]) assert.ok(module?.training);
  block.train(false);
  for (const module of [block, block.fc, block.norms[0], block.norms[2]]) assert.not(module?.training);
});

test("a parameter with two names is trained once", async (device) => {
  class Tied extends nn.Module {
    readonly first = new nn.Parameter(tensor(device, [2]));
    readonly second = this.first;
  }
  using tied = new Tied();
  assert.is(tied.namedParameters().size, 2);
  assert.is(tied.parameters().length, 1);
  const { value, gradients } = nn.gradientsOf(tied.parameters(), () =>
    sum(mul(tied.first.value, tied.second.value)),
  );
  assert.is(await gradients[0].item(), 4);
  for (const t of [value, ...gradients]) t.dispose();
});

const filled = (device: Device, block: Block, value: number): Map<string, Tensor> =>
  new Map(
    [...block.stateDict()].map(([name, { shape, size, dtype }]) => [
      name,
      tensor(device, new Float32Array(size).fill(value), shape, dtype),
    ]),
  );

test("loadStateDict checks all names and shapes before it takes any value", async (device) => {
  using block = new Block().to(device);
  const before = [...(await block.fc.weight.value.data())];
  const values = filled(device, block, 5);
  const extra = tensor(device, [1]);
  const bias = values.get("fc.bias") as Tensor;
  values.delete("fc.bias");
  values.set("fc.biass", extra);
  await throwsCode(
    () => block.loadStateDict(values),
    "argument",
    /missing: fc.bias; unexpected: fc.biass; pass \{ strict: false \}/,
  );
  values.delete("fc.biass");
  values.set("fc.bias", extra);
  await throwsCode(() => block.loadStateDict(values), "shape", /fc.bias is \[1\] and must be \[2\]/);
  close(await block.fc.weight.value.data(), before, 0);
  values.set("fc.bias", bias);
  block.loadStateDict(values);
  for (const [name, value] of block.stateDict()) {
    assert.is(value, values.get(name));
    assert.ok((await value.data()).every((v) => v === 5));
  }
  const weight = tensor(device, [
    [1, 2],
    [3, 4],
  ]);
  block.loadStateDict(
    new Map([
      ["fc.weight", weight],
      ["unknown", extra],
    ]),
    { strict: false },
  );
  assert.is(block.fc.weight.value, weight);
  assert.not(extra.disposed);
  extra.dispose();
});

test("loading a module's own values leaves it as it is", async (device) => {
  using block = new Block().to(device);
  const x = ones(device, [1, 2]);
  const want = await valuesOf(() => block.forward(x));
  block.loadStateDict(block.stateDict());
  close(await valuesOf(() => block.forward(x)), want, 0);
  x.dispose();
});

test("a module made in a scope outlives it; dispose frees everything and may be called twice", (device) => {
  const before = device.memory().tensors;
  const block = scope(() => new Block().to(device));
  assert.is(device.memory().tensors, before + 14);
  assert.ok([...block.stateDict().values()].every((t) => !t.disposed));
  block.dispose();
  block.dispose();
  assert.is(device.memory().tensors, before);
});

test("a parameter takes only its own shape", async (device) => {
  const parameter = new nn.Parameter(zeros(device, [2]));
  const wrong = zeros(device, [3]);
  await throwsCode(() => parameter.set(wrong), "shape", /\[3\] cannot take the place of \[2\]/);
  for (const t of [parameter, wrong]) t.dispose();
});

test("a placeholder has shapes but no values, takes no memory, and keeps values that it was given", async (device) => {
  const before = device.memory().tensors;
  using block = new Block();
  assert.equal(block.namedParameters().get("fc.weight")?.shape, [2, 2]);
  assert.is(block.bytes, 0);
  await throwsCode(
    () => block.fc.weight.value,
    "argument",
    /parameter \[2, 2\] has no values yet; call to\(device\)/,
  );
  assert.is(device.memory().tensors, before);
  const own = tensor(device, [5, 6]);
  block.fc.bias?.set(own);
  block.to(device);
  assert.is(block.fc.bias?.value, own);
  close(await block.scales[0].value.data(), [1], 0);
  // fc, two norms with a count each, two scales.
  assert.is(block.bytes, 4 * (6 + 2 * 9 + 2));
  assert.is(block.size, 6 + 2 * 9 + 2);
});

test("the default device is used where none is named", (device) => {
  setDefaultDevice(device);
  using block = new Block().to();
  assert.is(block.fc.weight.value.device, device);
  setDefaultDevice(null);
});

test("inside prepare a module is planned without memory", async (device) => {
  const before = device.memory();
  await device.prepare(() =>
    scope(() => {
      using block = new Block().freeze().allocate(device);
      block.forward(Tensor.empty(device, [1, 2]));
    }),
  );
  assert.equal(device.memory(), before);
});

test.run();
