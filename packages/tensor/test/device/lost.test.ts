import { test } from "uvu";
import * as assert from "uvu/assert";
import { matmul, ones, openDevice, tensor } from "../../src/index.js";
import { throwsCode } from "../support.js";
import { rawDevice } from "./raw-device.js";

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

test("after close everything says so, but disposing is fine", async () => {
  const device = await openDevice();
  const x = tensor(device, [[1, 2]]);
  const y = ones(device, [2, 2]);
  device.close();
  device.close();
  const closed = /was closed; open another with openDevice/;
  for (const use of [
    () => x.data(),
    () => tensor(device, [1]),
    () => matmul(x, y),
    () => device.sync(),
    () => device.flush(),
    () => device.trim(),
    () => device.compile([]),
  ]) {
    await throwsCode(use, "closed", closed);
  }
  x.dispose();
  y.dispose();
  assert.is(device.memory().tensors, 0);
});

test("`using` closes", async () => {
  let outer: Awaited<ReturnType<typeof openDevice>>;
  {
    using device = await openDevice();
    outer = device;
  }
  await throwsCode(() => ones(outer, [1]), "closed", /closed/);
});

test("a read under way at close is refused as closed", async () => {
  const device = await openDevice();
  const x = ones(device, [1000]);
  const reading = x.data();
  device.close();
  await throwsCode(() => reading, "closed", /closed/);
});

test("a device lost under us has its own code and says to open a new one", async () => {
  const { device, gpu } = await rawDevice();
  const x = ones(device, [3]);
  gpu.destroy();
  await gpu.lost;
  await turn();
  const lost = /the GPU device was lost \(.+\); open a new device/;
  for (const use of [
    () => x.data(),
    () => ones(device, [3]),
    () => device.sync(),
    () => device.compile([]),
  ]) {
    await throwsCode(use, "device-lost", lost);
  }
  x.dispose();
  device.close();
  await throwsCode(() => device.sync(), "closed", /closed/);
});

test("a read under way, and one begun before the loss is known, are refused as lost", async () => {
  const { device, gpu } = await rawDevice();
  const x = ones(device, [3]);
  const reading = x.data();
  gpu.destroy();
  const late = x.data();
  await throwsCode(() => reading, "device-lost", /open a new device/);
  await throwsCode(() => late, "device-lost", /open a new device/);
  x.dispose();
  device.close();
});

test("another device goes on when one is lost", async () => {
  const [first, second] = [await rawDevice(), await rawDevice()];
  const x = tensor(second.device, [1, 2, 3]);
  first.gpu.destroy();
  await turn();
  assert.equal([...(await x.data())], [1, 2, 3]);
  x.dispose();
  first.device.close();
  second.device.close();
});

test.run();
