import * as assert from "uvu/assert";
import { ones, tensor } from "../src/create.js";
import { add, mul } from "../src/ops/elementwise.js";
import { matmul } from "../src/ops/matmul.js";
import { type PackedMatrix, packMatrix } from "../src/ops/packed.js";
import { keep, scope } from "../src/scope.js";
import type { Tensor } from "../src/tensor.js";
import { close, deviceTests, throwsCode } from "./support.js";

const test = deviceTests();

test("frees what was made inside, keeps what is returned", async (device) => {
  const made: Tensor[] = [];
  const y = scope(() => {
    const x = tensor(device, [1, 2]);
    made.push(x);
    const doubled = mul(x, 2);
    made.push(doubled);
    return add(doubled, 1);
  });
  assert.equal(
    made.map((t) => t.disposed),
    [true, true],
  );
  close(await y.data(), [3, 5], 0);
  y.dispose();
});

test("finds tensors in arrays, objects and maps, and packed matrices", async (device) => {
  const kept = scope(() => ({
    list: [ones(device, [1]), [ones(device, [1])]],
    map: new Map([["a", ones(device, [1])]]),
    none: null,
    number: 3,
    weight: packMatrix(ones(device, [2, 2])),
  }));
  const [first, [second]] = kept.list as [Tensor, [Tensor]];
  const third = kept.map.get("a") as Tensor;
  assert.equal(
    [first, second, third].map((t) => t.disposed),
    [false, false, false],
  );
  const x = ones(device, [1, 2]);
  const product = matmul(x, kept.weight);
  close(await product.data(), [2, 2], 0);
  for (const t of [first, second, third, kept.weight, x, product]) t.dispose();
});

test("what an inner scope returns belongs to the outer one", (device) => {
  const before = device.memory().tensors;
  let inner: Tensor | undefined;
  scope(() => {
    inner = scope(() => ones(device, [1]));
    assert.is(inner.disposed, false);
    assert.is(device.memory().tensors, before + 1);
  });
  assert.is(inner?.disposed, true);
});

test("tensors made outside are left alone, and keep lets one stay", (device) => {
  const outside = ones(device, [1]);
  let kept: Tensor | undefined;
  scope(() => {
    scope(() => {
      kept = keep(add(outside, 1));
    });
    add(outside, 2);
  });
  assert.is(outside.disposed, false);
  assert.is(kept?.disposed, false);
  outside.dispose();
  kept?.dispose();
});

test("keep takes the parts of what holds tensors", (device) => {
  let weight: PackedMatrix | undefined;
  scope(() => {
    weight = keep(packMatrix(ones(device, [2, 2])));
  });
  assert.is(weight?.panels.disposed, false);
  weight?.dispose();
});

test("an error frees everything and passes on", async (device) => {
  const before = device.memory().tensors;
  assert.throws(
    () =>
      scope(() => {
        ones(device, [3]);
        throw new Error("mine");
      }),
    /mine/,
  );
  assert.is(device.memory().tensors, before);
  await throwsCode(() => scope(() => add(ones(device, [2]), ones(device, [3]))), "shape", /do not broadcast/);
  assert.is(device.memory().tensors, before);
});

test("async functions are refused and leave nothing behind", async (device) => {
  await throwsCode(
    () =>
      scope(async () => {
        ones(device, [1]);
      }),
    "scope",
    /the function is async; record the ops inside and await data\(\) outside/,
  );
});

test("views and their sources are freed once each", async (device) => {
  const view = scope(() => {
    const x = tensor(device, [1, 2, 3, 4]);
    x.dispose();
    return tensor(device, [1, 2, 3, 4]).view([2, 2]);
  });
  close(await view.data(), [1, 2, 3, 4], 0);
  view.dispose();
});

test.run();
