import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "@inctrl/clip";
import { type Backbone, openBackbone, randomBackbone } from "@inctrl/detect";
import { type Device, openDevice } from "@inctrl/tensor";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isHead, PATCH14 } from "./files.js";

interface Context {
  readonly device: Device;
  /** An empty folder, removed after the file's tests. */
  readonly folder: string;
}

/**
 * A test function whose tests share a device and a folder, and fail when they leave a tensor undisposed.
 *
 * @example
 * const test = deviceTests("encoder");
 * test("a view keeps its bits", async ({ device, folder }) => { ... });
 * test.run();
 */
export function deviceTests(name: string) {
  const tests = suite(name);
  let context: Context;
  tests.before(async () => {
    context = { device: await openDevice(), folder: mkdtempSync(join(tmpdir(), "inctrl-test-")) };
  });
  tests.after(() => {
    context.device.close();
    rmSync(context.folder, { recursive: true });
  });
  const add = (title: string, run: (context: Context) => unknown): void => {
    tests(title, async () => {
      const { device } = context;
      const before = device.memory().tensors;
      await run(context);
      assert.is(device.memory().tensors - before, 0, "tensors leaked");
    });
  };
  return Object.assign(add, { run: () => tests.run() });
}

/** The image tower of a committed fixture. */
export const fixtureBackbone = (device: Device, fixture = PATCH14): Promise<Backbone> =>
  openBackbone(device, join(fixture, "inctrl.pyth"), { config: join(fixture, "config.json"), extra: isHead });

/** 32 pixels, 4 x 4 patches, two tapped blocks. */
const SMALL = parseConfig({ img_size: 32, patch_size: 8, embed_dim: 32, depth: 2, num_heads: 2 });

/** A small, untrained image tower without text. */
export const smallBackbone = (device: Device, seed = 1): Promise<Backbone> =>
  randomBackbone(device, SMALL, seed);
