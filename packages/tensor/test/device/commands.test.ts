import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/device/device.js";
import { full, ones, Tensor, tensor, zeros } from "../../src/index.js";
import { perValue, WORKGROUP } from "../../src/kernels/grid.js";
import { kernel } from "../../src/kernels/kernel.js";
import { launch } from "../../src/ops/launch.js";
import { close, noLeaks, valuesOf, withDevice } from "../support.js";
import { rawDevice } from "./raw-device.js";

const addKernel = kernel({
  name: "add constant",
  reads: { x: "f32" },
  writes: { out: "f32" },
  uniforms: { value: "f32" },
  split: perValue,
  body: "out[i] = x[i] + u.value;",
});

function add(x: Tensor, value: number): Tensor {
  const out = Tensor.empty(x.device, x.shape);
  launch({ kernel: addKernel, tensors: { x, out }, uniforms: { value }, over: [x.size] });
  return out;
}

/** x + 0 + 1 + ... + (count - 1), each sum freeing the one before at once. */
function chain(x: Tensor, count: number): Tensor {
  let last = x.view(x.shape);
  for (let i = 0; i < count; i++) {
    const next = add(last, i);
    last.dispose();
    last = next;
  }
  return last;
}

/** A device is left as it was found, and no GPU error was seen. */
async function check(poolBytes: number, run: (device: Device) => Promise<void>): Promise<void> {
  const { device, errors } = await rawDevice({}, poolBytes);
  await noLeaks(device, () => run(device));
  await device.sync();
  assert.equal(errors, []);
  device.close();
}

test("many dispatches keep their own uniforms and are submitted in batches", async () => {
  await check(2 ** 20, async (device) => {
    const filled = Array.from({ length: 500 }, (_, i) => full(device, [3], i));
    assert.is(device.stats.dispatches, 500);
    assert.is(device.stats.submits, 5, "a batch is 96 dispatches");
    const values = await Promise.all(filled.map((t) => t.data()));
    values.forEach((v, i) => {
      close(v, [i, i, i], 0, `fill ${i}`);
    });
    for (const t of filled) t.dispose();
  });
});

test("a long chain through reused buffers stays in order", async () => {
  await check(2 ** 20, async (device) => {
    using x = tensor(device, [0.5, -1]);
    using out = chain(x, 300);
    assert.ok(device.stats.allocations <= 4, `${device.stats.allocations} buffers for a chain of 300`);
    close(await out.data(), [44850.5, 44849], 0);
  });
});

test("buffers that recorded commands use outlive their tensors, without a pool too", async () => {
  await check(0, async (device) => {
    using x = tensor(device, [0.5, -1]);
    using out = chain(x, 300);
    close(await out.data(), [44850.5, 44849], 0);
  });
});

test("a copy whose source is freed before the batch is submitted", async () => {
  await check(0, async (device) => {
    // The write submits the first batch, so that the next dispatch is the first of the second one.
    using x = ones(device, [4]);
    device.write(x.buffer, 0, new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
    const source = tensor(device, [5, 6, 7, 8]);
    device.copy(source.buffer, 4, x.buffer, 0, 8);
    source.dispose();
    using out = add(x, 10);
    close(await out.data(), [16, 17, 13, 14], 0);
  });
});

test("a write from the host waits for recorded commands that use the buffer", async () => {
  await check(2 ** 20, async (device) => {
    const x = tensor(device, [1, 2]);
    const before = add(x, 10);
    device.write(x.buffer, 0, new Uint8Array(Float32Array.of(3, 4).buffer));
    const after = add(x, 10);
    close(await before.data(), [11, 12], 0);
    close(await after.data(), [13, 14], 0);
    x.dispose();
    // The same by way of the pool: the new tensor takes over the buffer of the old one.
    const old = tensor(device, [1, 2]);
    const sum = add(old, 100);
    old.dispose();
    const fresh = tensor(device, [7, 8]);
    close(await sum.data(), [101, 102], 0);
    close(await fresh.data(), [7, 8], 0);
    for (const t of [before, after, sum, fresh]) t.dispose();
  });
});

test("a write to a buffer that the batch does not use submits nothing", async () => {
  await check(2 ** 20, async (device) => {
    const x = ones(device, [2]);
    const y = tensor(device, [1, 2]);
    assert.is(device.stats.submits, 0);
    x.dispose();
    y.dispose();
  });
});

test("copies count towards a batch and keep their order among dispatches", async () => {
  await check(2 ** 20, async (device) => {
    const x = tensor(device, [1, 0]);
    let last = x.view([2]);
    // Adds one to both, then copies element 0 over element 1 by way of the buffer before.
    for (let i = 0; i < 150; i++) {
      const next = add(last, 1);
      device.copy(next.buffer, 0, last.buffer, 4, 4);
      device.copy(last.buffer, 4, next.buffer, 4, 4);
      last.dispose();
      last = next;
    }
    close(await last.data(), [151, 151], 0);
    assert.ok(device.stats.submits >= 4);
    x.dispose();
    last.dispose();
  });
});

test("reads at the same time, and a tensor freed right after its read was asked for", async () => {
  await check(2 ** 20, async (device) => {
    const x = tensor(device, [1, 2, 3]);
    const reads = Array.from({ length: 20 }, (_, i) => {
      const sum = add(x, i);
      const values = sum.data();
      sum.dispose();
      return values;
    });
    (await Promise.all(reads)).forEach((v, i) => {
      close(v, [1 + i, 2 + i, 3 + i], 0);
    });
    x.dispose();
  });
});

test("an empty grid and an empty copy run nothing", async () => {
  await check(2 ** 20, async (device) => {
    const x = zeros(device, [0, 3]);
    const y = add(x, 1);
    device.copy(x.buffer, 0, y.buffer, 0, 0);
    device.flush();
    assert.equal([device.stats.dispatches, device.stats.submits], [0, 0]);
    assert.is((await y.data()).length, 0);
    x.dispose();
    y.dispose();
  });
});

test("trim submits first, so that what is recorded still comes out right", async () => {
  await check(2 ** 20, async (device) => {
    using x = tensor(device, [1, 2]);
    using out = chain(x, 10);
    device.trim();
    assert.is(device.memory().pooledBytes, 0);
    close(await out.data(), [46, 47], 0);
  });
});

test("grids above the limit of one dimension are folded into two", async () => {
  const gridOf = (count: number, maxWorkgroupsPerDimension = 65535) =>
    perValue.plan({ software: true, maxWorkgroupsPerDimension }, count).grid;
  assert.equal(gridOf(WORKGROUP * 65535), [65535, 1, 1]);
  assert.equal(gridOf(WORKGROUP * 65535 + 1), [32768, 2, 1]);
  assert.equal(gridOf(0), [0, 1, 1]);
  assert.equal(gridOf(WORKGROUP * 10, 3), [3, 4, 1]);
  await withDevice(async (device) => {
    const size = WORKGROUP * 65535 + 3;
    const values = await valuesOf(() => add(full(device, [size], 1), 2));
    assert.is(values.length, size);
    assert.is(
      values.findIndex((v) => v !== 3),
      -1,
    );
  });
});

test.run();
