import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { add, type Device, ones } from "../../src/index.js";
import { withDevice } from "../support.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Opens a device, uses it and closes it. */
async function used(): Promise<WeakRef<Device>> {
  let held: WeakRef<Device> | undefined;
  await withDevice(async (device) => {
    const x = ones(device, [4]);
    const y = add(x, 1);
    await y.data();
    for (const t of [x, y]) t.dispose();
    held = new WeakRef(device);
  });
  return held as WeakRef<Device>;
}

test("closed devices are collected", async () => {
  const held = [await used(), await used()];
  for (let turn = 0; turn < 20 && held.some((ref) => ref.deref()); turn++) {
    // What is read through a WeakRef stays until the turn ends, so what looks and what collects are in turns of their own.
    await setTimeout(10);
    collect();
    await setTimeout(10);
  }
  assert.equal(
    held.map((ref) => ref.deref()),
    [undefined, undefined],
  );
});

test.run();
