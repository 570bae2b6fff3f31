import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BufferPool, sizeClass } from "../../src/device/pool.js";
import { ones, tensor } from "../../src/index.js";
import { throwsCode, withDevice } from "../support.js";

/** A device that only makes buffers, and knows which live. */
function fakeDevice() {
  const alive = new Set<object>();
  const createBuffer = ({ size }: { size: number }) => {
    const buffer = { size, destroy: () => void alive.delete(buffer) };
    alive.add(buffer);
    return buffer;
  };
  return { alive, device: { createBuffer } as unknown as GPUDevice };
}

const ROOMY = { maxBindingBytes: 2 ** 40, maxBufferBytes: 2 ** 40 };

test("size classes hold what is asked, in whole words, and lose little", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bytes) => {
      const size = sizeClass(bytes);
      assert.ok(size >= bytes && size % 4 === 0);
      assert.ok(size - bytes <= Math.max(255, bytes / 8), `${bytes} -> ${size}`);
      assert.is(sizeClass(size), size);
    }),
  );
  assert.is(sizeClass(4), 256);
  assert.is(sizeClass(4096), 4096);
  assert.is(sizeClass(4097), 4608);
});

test("rounding up never crosses a limit that the bytes keep", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6), fc.nat(1e6), (bytes, binding, more) => {
      const limits = [bytes - (bytes % 4) + binding, bytes + binding + more];
      const size = sizeClass(bytes, limits);
      assert.ok(size % 4 === 0 && size >= Math.min(bytes, ...limits.map((l) => l - (l % 4))));
      for (const limit of limits) if (bytes <= limit - (limit % 4)) assert.ok(size <= limit);
    }),
  );
  // 2 GiB - 4, as many drivers have it: a tensor just below stays bindable.
  const most = 2 ** 31 - 4;
  assert.is(sizeClass(most - 100, [most, 2 ** 40]), most);
  assert.is(sizeClass(most + 4, [most, 2 ** 40]), 2 ** 31);
});

test("a buffer given back is taken again by its size class", () => {
  const { device, alive } = fakeDevice();
  const pool = new BufferPool(device, 10000, ROOMY);
  const first = pool.take(1000);
  pool.give(first);
  assert.is(pool.take(900), first);
  const second = pool.take(1000);
  assert.is.not(second, first);
  assert.is.not(pool.take(2000), first);
  assert.is(pool.allocations, 3);
  assert.is(alive.size, 3);
});

test("work that repeats finds its buffers again, in whatever order they were given back", () => {
  const { device } = fakeDevice();
  const pool = new BufferPool(device, 100000, ROOMY);
  const sizes = [1024, 1024, 300, 1024, 2048, 300, 1024];
  const first = sizes.map((bytes) => pool.take(bytes));
  fc.assert(
    fc.property(fc.shuffledSubarray(first, { minLength: first.length }), (order) => {
      for (const entry of order) pool.give(entry);
      const again = sizes.map((bytes) => pool.take(bytes));
      assert.ok(again.every((entry, i) => entry === first[i]));
    }),
  );
});

test("bytes are counted and idle ones capped; what is above goes only when buried", () => {
  const { device, alive } = fakeDevice();
  const pool = new BufferPool(device, 3000, ROOMY);
  const entries = [1024, 1024, 1024].map((bytes) => pool.take(bytes));
  assert.is(pool.liveBytes, 3072);
  for (const entry of entries) pool.give(entry);
  assert.equal([pool.liveBytes, pool.idleBytes, pool.peakBytes], [0, 2048, 3072]);
  assert.is(alive.size, 3);
  pool.destroyRetired();
  assert.is(alive.size, 2);
  pool.trim();
  assert.is(alive.size, 0);
  assert.equal([pool.liveBytes, pool.idleBytes, pool.peakBytes], [0, 0, 3072]);
  assert.is.not(pool.take(1024), entries[0]);
});

test("a buffer above the limit is refused with a mend", async () => {
  const { device } = fakeDevice();
  const pool = new BufferPool(device, 0, { maxBindingBytes: 100, maxBufferBytes: 1003 });
  await throwsCode(() => pool.take(1004), "limit", /1004 bytes.*1003; split/);
  assert.is(pool.take(1000).bytes, 1000);
  assert.is(pool.take(100).bytes, 100);
});

test("a device's pool: reuse, cap, trim and peak as memory() tells them", async () => {
  await withDevice(
    async (device) => {
      const start = device.memory();
      assert.equal([start.tensors, start.bytes, start.pooledBytes], [0, 0, 0]);
      const a = ones(device, [1000]);
      a.dispose();
      const b = ones(device, [1000]);
      assert.is(device.stats.allocations, 1);
      assert.equal(device.memory(), { tensors: 1, bytes: 4096, pooledBytes: 0, peakBytes: 4096 });
      const big = ones(device, [20000]);
      big.dispose();
      assert.is(device.memory().pooledBytes, 0, "81920 bytes are above the cap of 65536");
      b.dispose();
      assert.is(device.memory().pooledBytes, 4096);
      device.trim();
      assert.is(device.memory().pooledBytes, 0);
      const c = ones(device, [1000]);
      assert.is(device.stats.allocations, 3);
      assert.is((await c.data())[999], 1);
      c.dispose();
    },
    { poolBytes: 65536 },
  );
});

test("views share one buffer, freed with the last of them", async () => {
  await withDevice(async (device) => {
    const a = tensor(device, [1, 2, 3, 4]);
    const view = a.view([2, 2]);
    assert.equal([device.memory().tensors, device.memory().bytes], [2, 256]);
    a.dispose();
    a.dispose();
    assert.equal(await view.toArray(), [
      [1, 2],
      [3, 4],
    ]);
    view.dispose();
    assert.equal([device.memory().tensors, device.memory().bytes], [0, 0]);
  });
});

test.run();
