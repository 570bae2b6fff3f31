import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PreparedImage } from "@inctrl/clip";
import { encodePng } from "@inctrl/datasets";
import { type Device, openDevice } from "@inctrl/tensor";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Backbone, isHeadName, openBackbone } from "../src/index.js";

const here = dirname(fileURLToPath(import.meta.url));

/** Committed fixtures: whole models of 5 x 5 and 3 x 3 patches, with heads (see golden/make_fixtures.py). */
export const PATCH14 = join(here, "golden/patch14-one-shot");
export const THREE_SHOT = join(here, "golden/three-shot");

/** A path below `../shared`; null, with a word about it, where it is absent. */
export function shared(path: string): string | null {
  const full = join(here, "../../../../shared", path);
  if (existsSync(full)) return full;
  console.log(`skipped: ../shared/${path} absent`);
  return null;
}

interface Context {
  device: Device;
  /** An empty folder, removed after the file's tests. */
  folder: string;
}

/** A test function whose tests share a device and a folder, and fail when they leave a tensor undisposed. */
export function deviceTests(name: string) {
  const tests = suite(name);
  const context = {} as Context;
  tests.before(async () => {
    context.device = await openDevice();
    context.folder = mkdtempSync(join(tmpdir(), "inctrl-test-"));
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
  openBackbone(device, join(fixture, "inctrl.pyth"), {
    config: join(fixture, "config.json"),
    extra: isHeadName,
  });

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

/** Interleaved RGB bytes: a shade of its own for every seed, and noise. */
export function randomPixels(seed: number, count: number): Uint8Array {
  const next = generator(seed);
  const base = [next() * 160, next() * 160, next() * 160];
  return Uint8Array.from({ length: 3 * count }, (_, i) => base[i % 3] + 95 * next());
}

/** A prepared image as `prepareImage` would give it. */
export function randomView(seed: number, size: number): PreparedImage {
  return { size, pixels: randomPixels(seed, size * size), box: { x: 0, y: 0, width: size, height: size } };
}

/** Writes a seeded PNG and returns its path. */
export function writeImage(
  folder: string,
  name: string,
  seed: number,
  width: number,
  height = width,
): string {
  const path = join(folder, name);
  writeFileSync(path, encodePng({ width, height, data: randomPixels(seed, width * height) }));
  return path;
}

/** The largest absolute difference; NaN counts as infinite. */
export function maxError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  assert.is(got.length, want.length);
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i] - want[i]);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return worst;
}

/** Asserts that a function throws (or rejects with) an error of a code, whose text matches and is one line. */
export async function throwsCode(run: () => unknown, code: string, text: RegExp): Promise<void> {
  let error: unknown;
  try {
    await run();
  } catch (caught) {
    error = caught;
  }
  assert.instance(error, Error);
  const { message } = error as Error;
  assert.is((error as Error & { code?: string }).code, code, `code of: ${message}`);
  assert.match(message, text, `${text} does not match: ${message}`);
  assert.not.match(message, /\n/);
}
