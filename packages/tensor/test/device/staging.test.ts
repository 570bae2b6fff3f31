import { test } from "uvu";
import * as assert from "uvu/assert";
import { neg, scope, type Tensor, tensor } from "../../src/index.js";
import { withDevice } from "../support.js";

/** 4.4 MB: two staging chunks. */
const COUNT = 1_100_000;

function numbers(start: number, sign = 1): Float32Array {
  const values = new Float32Array(COUNT);
  for (let i = 0; i < COUNT; i++) values[i] = sign * (start + i);
  return values;
}

async function same(x: Tensor, want: Float32Array): Promise<void> {
  assert.ok(Buffer.from((await x.data()).buffer).equals(Buffer.from(want.buffer)));
}

test("large writes arrive whole, also when more are on their way than staging holds", async () => {
  await withDevice(async (device) => {
    // Ten chunks before the first submit: more than there are.
    const made = Array.from({ length: 5 }, (_, i) => tensor(device, numbers(i)));
    for (const [i, x] of made.entries()) await same(x, numbers(i));
    for (const x of made) x.dispose();
    // Chunks that came back, and after a trim new ones.
    for (const start of [100, 200]) {
      const x = tensor(device, numbers(start));
      await same(x, numbers(start));
      x.dispose();
      device.trim();
    }
  });
});

test("a large write keeps its place between commands", async () => {
  await withDevice(async (device) => {
    const x = tensor(device, numbers(1));
    const before = neg(x);
    const next = numbers(7);
    device.write(x.buffer, 0, new Uint8Array(next.buffer));
    const after = neg(x);
    // The writer may use its memory for something else at once.
    next.fill(0);
    await same(before, numbers(1, -1));
    await same(after, numbers(7, -1));
    for (const t of [x, before, after]) t.dispose();
  });
});

test("a trim with chunks on their way, and a close, leave nothing behind", async () => {
  await withDevice(async (device) => {
    scope(() => void tensor(device, numbers(1)));
    device.trim();
    const x = tensor(device, numbers(2));
    await same(x, numbers(2));
    scope(() => void tensor(device, numbers(3)));
    device.flush();
    x.dispose();
  });
});

test.run();
