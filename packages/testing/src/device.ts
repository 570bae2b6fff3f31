import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "@inctrl/clip";
import { openBackbone, randomBackbone, type VitBackbone } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { isHead, PATCH14 } from "./files.js";
import { deviceTests as tensorTests } from "./tensor.js";

interface Context {
  readonly device: Device;
  /** An empty folder, removed after the file's tests. */
  readonly folder: string;
}

/**
 * `deviceTests` of `@inctrl/testing/tensor` whose tests share a folder too.
 *
 * @example
 * const test = deviceTests("encoder");
 * test("a view keeps its bits", async ({ device, folder }) => { ... });
 * test.run();
 */
export function deviceTests(name: string) {
  const tests = tensorTests(undefined, name);
  const folder = mkdtempSync(join(tmpdir(), "inctrl-test-"));
  tests.after(() => rmSync(folder, { recursive: true }));
  const add = (title: string, run: (context: Context) => unknown): void =>
    tests(title, (device) => run({ device, folder }));
  return Object.assign(add, { run: tests.run });
}

/** The image tower of a committed fixture. */
export const fixtureBackbone = (device: Device, fixture = PATCH14): Promise<VitBackbone> =>
  openBackbone(device, join(fixture, "inctrl.pyth"), { config: join(fixture, "config.json"), extra: isHead });

/** 32 pixels, 4 x 4 patches, two tapped blocks. */
const SMALL = parseConfig({ img_size: 32, patch_size: 8, embed_dim: 32, depth: 2, num_heads: 2 });

/** A small, untrained image tower without text. */
export const smallBackbone = (device: Device, seed = 1): Promise<VitBackbone> =>
  randomBackbone(device, SMALL, seed);
