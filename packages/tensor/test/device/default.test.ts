import * as assert from "uvu/assert";
import { arange, tensor, zeros } from "../../src/create.js";
import { defaultDevice, setDefaultDevice } from "../../src/device/default.js";
import type { Device } from "../../src/device/device.js";
import { bernoulli, uniform } from "../../src/random.js";
import { deviceTests, throwsCode } from "../support.js";

const test = deviceTests();

test("creation functions use the default device where they are given none", async (device) => {
  await throwsCode(() => defaultDevice(), "no-device", /no device/);
  setDefaultDevice(device);
  assert.is(defaultDevice(), device);
  const made = [
    tensor([1, 2]),
    tensor([1, 2, 3, 4], [2, 2], "int32"),
    zeros([2]),
    arange(2),
    uniform([2], { seed: 1 }),
    bernoulli([2], 0.5, { seed: 1 }),
    tensor(device, [1, 2]),
  ];
  assert.equal(await made[1].toArray(), [
    [1, 2],
    [3, 4],
  ]);
  for (const t of made) {
    assert.is(t.device, device);
    t.dispose();
  }
  setDefaultDevice(null);
  await throwsCode(() => tensor([1]), "no-device", /setDefaultDevice/);
  await throwsCode(() => setDefaultDevice({} as Device), "argument", /openDevice/);
});

test.run();
