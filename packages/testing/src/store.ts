import { join } from "node:path";
import { FeatureStore, TensorCache, type VitBackbone } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { deviceTests, smallBackbone } from "./device.js";

interface StoreContext {
  readonly device: Device;
  readonly folder: string;
  readonly backbone: VitBackbone;
  /** A store without images, its cache in a folder of its own. */
  readonly store: FeatureStore;
  readonly cache: string;
}

/**
 * As `deviceTests`, with a small backbone and an empty feature store for each test.
 *
 * @example
 * const test = storeTests("feature store");
 * test("equal images are one image", async ({ store }) => { ... });
 * test.run();
 */
export function storeTests(name: string) {
  const tests = deviceTests(name);
  let count = 0;
  const add = (title: string, run: (context: StoreContext) => unknown): void =>
    tests(title, async ({ device, folder }) => {
      using backbone = await smallBackbone(device);
      const cache = join(folder, `cache-${count++}`);
      const store = new FeatureStore(backbone, await TensorCache.open(cache));
      await run({ device, folder, backbone, store, cache });
    });
  return Object.assign(add, { run: () => tests.run() });
}
