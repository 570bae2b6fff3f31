import { type Device, openDevice } from "@inctrl/tensor";
import { suite } from "uvu";
import * as assert from "uvu/assert";

/** Tests that share one device, each of which frees all its tensors. */
export function deviceTests(name: string) {
  const tests = suite(name);
  let device: Device;
  tests.before(async () => {
    device = await openDevice();
  });
  tests.after(() => device.close());
  const add = (title: string, run: (device: Device) => unknown): void => {
    tests(title, async () => {
      const before = device.memory().tensors;
      await run(device);
      assert.is(device.memory().tensors - before, 0, "tensors leaked");
    });
  };
  return Object.assign(add, { run: () => tests.run() });
}

/** Seeded values in [0, 1): mulberry32. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}
