import { type Device, type KernelFamily, openDevice } from "@inctrl/tensor";
import { suite } from "uvu";

export { maxError, throwsCode } from "./asserts.js";
export { generator, random } from "./random.js";

interface DeviceTest {
  (title: string, run: (device: Device) => unknown): void;
  /** Runs a function after the last test. */
  after(end: () => void): void;
  run(): void;
}

/**
 * A test function whose tests get a device, one a family and file, and fail when they leave a tensor undisposed.
 *
 * @example
 * const test = deviceTests();
 * test("adds", async (device) => { ... });
 * test.run();
 */
export function deviceTests(
  families: readonly (KernelFamily | undefined)[] = [undefined],
  name?: string,
): DeviceTest {
  const tests = suite(name);
  const devices = new Map<KernelFamily | undefined, Promise<Device>>();
  tests.after(async () => {
    for (const device of devices.values()) (await device).close();
  });
  const add = (title: string, run: (device: Device) => unknown): void => {
    for (const family of families) {
      tests(family ? `${title} (${family})` : title, async () => {
        const device = devices.get(family) ?? openDevice({ family });
        devices.set(family, device);
        await noLeaks(await device, run);
      });
    }
  };
  return Object.assign(add, { after: tests.after, run: () => tests.run() });
}

/** Runs a function and asserts that as many tensors live after it as before. */
export async function noLeaks(device: Device, run: (device: Device) => unknown): Promise<void> {
  const before = device.memory().tensors;
  await run(device);
  const after = device.memory().tensors;
  if (after !== before)
    throw new Error(`${after - before} tensors leaked (${before} before, ${after} after)`);
}
