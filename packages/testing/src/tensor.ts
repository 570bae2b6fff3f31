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

/** Open devices by family. All test files of a process share them, so that kernels are compiled once. */
const devices = new Map<KernelFamily | undefined, Device>();

async function deviceOf(family: KernelFamily | undefined): Promise<Device> {
  const known = devices.get(family) ?? [...devices.values()].find(({ caps }) => caps.family === family);
  if (known) return known;
  const device = await openDevice({ family });
  devices.set(family, device);
  // There is no process in a browser.
  globalThis.process?.once("exit", () => device.close());
  return device;
}

/**
 * A test function whose tests get a device, one a family and process, and fail when they leave a tensor undisposed.
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
  const add = (title: string, run: (device: Device) => unknown): void => {
    for (const family of families)
      tests(family ? `${title} (${family})` : title, async () => noLeaks(await deviceOf(family), run));
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
