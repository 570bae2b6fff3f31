import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../src/device/device.js";
import { openDevice } from "../src/device/open.js";
import {
  type DataOf,
  type DType,
  type KernelFamily,
  type Shape,
  scope,
  type Tensor,
  TensorError,
} from "../src/index.js";
import { sizeOf } from "../src/shape.js";

/** Every way heavy kernels share out their work; a test of such a kernel runs on all. */
export const FAMILIES: readonly KernelFamily[] = ["subgroup", "register", "workgroup"];

interface DeviceTest {
  (name: string, run: (device: Device) => unknown): void;
  run(): void;
}

/**
 * A test function whose tests get a device, one a family and file, and fail when they leave a tensor undisposed.
 *
 * @example
 * const test = deviceTests(FAMILIES);
 * test("adds", async (device) => { ... });
 * test.run();
 */
export function deviceTests(families: readonly (KernelFamily | undefined)[] = [undefined]): DeviceTest {
  const tests = suite();
  const devices = new Map<KernelFamily | undefined, Promise<Device>>();
  tests.after(async () => {
    for (const device of devices.values()) (await device).close();
  });
  const add = (name: string, run: (device: Device) => unknown): void => {
    for (const family of families) {
      tests(family ? `${name} (${family})` : name, async () => {
        const device = devices.get(family) ?? openDevice({ family });
        devices.set(family, device);
        await noLeaks(await device, run);
      });
    }
  };
  return Object.assign(add, { run: () => tests.run() });
}

/** Opens a device for one function and closes it. */
export async function withDevice(
  run: (device: Device) => unknown,
  options: Parameters<typeof openDevice>[0] = {},
): Promise<void> {
  const device = await openDevice(options);
  try {
    await run(device);
  } finally {
    device.close();
  }
}

/** Runs a function and asserts that as many tensors live after it as before. */
export async function noLeaks(device: Device, run: (device: Device) => unknown): Promise<void> {
  const before = device.memory().tensors;
  await run(device);
  const after = device.memory().tensors;
  if (after !== before)
    throw new Error(`${after - before} tensors leaked (${before} before, ${after} after)`);
}

/** The values of the tensor a function makes; it and all it was made from inside are freed. */
export async function valuesOf<D extends DType>(make: () => Tensor<D>): Promise<DataOf<D>> {
  const made = scope(make);
  try {
    return await made.data();
  } finally {
    made.dispose();
  }
}

/** How far a value may be off: at most `abs` + `rel` * |want|. A number is `abs`. */
export type Tolerance = number | { abs?: number; rel?: number };

/** Asserts equal lengths and values within the tolerance; NaN only equals NaN, an infinity only itself. */
export function close(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: Tolerance,
  label = "",
): void {
  const { abs = 0, rel = 0 } = typeof tolerance === "number" ? { abs: tolerance } : tolerance;
  const name = label && `${label}: `;
  assert.is(got.length, want.length, `${name}${got.length} values, want ${want.length}`);
  let first = -1;
  let wrong = 0;
  let worst = -1;
  let worstError = -1;
  for (let i = 0; i < want.length; i++) {
    const same = got[i] === want[i] || (Number.isNaN(got[i]) && Number.isNaN(want[i]));
    const difference = Math.abs(got[i] - want[i]);
    const error = same ? 0 : Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY;
    if (error > worstError) {
      worst = i;
      worstError = error;
    }
    if (!same && !(difference <= abs + rel * Math.abs(want[i]) && Number.isFinite(want[i]))) {
      wrong++;
      if (first < 0) first = i;
    }
  }
  if (wrong === 0) return;
  const at = (i: number) => `[${i}] got ${got[i]}, want ${want[i]}`;
  assert.unreachable(
    `${name}${wrong} of ${want.length} values off by more than abs ${abs} + rel ${rel}: first ${at(first)}; ` +
      `max error ${worstError} at ${at(worst)}`,
  );
}

/** Asserts that a function throws (or rejects with) a one-line TensorError of a code whose text matches. */
export async function throwsCode(run: () => unknown, code: string, text: RegExp): Promise<void> {
  let error: unknown;
  try {
    await run();
  } catch (caught) {
    error = caught;
  }
  assert.instance(error, TensorError);
  assert.is((error as TensorError).code, code);
  assert.match((error as TensorError).message, text);
  assert.not.match((error as TensorError).message, /\n/);
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

/** Seeded float32 values, uniform in [low, high). */
export function random(seed: number, count: number, low = -1, high = 1): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length: count }, () => low + (high - low) * next());
}

/** Each flat index of a shape with its coordinates. */
export function* coordinates(shape: Shape): Generator<number[]> {
  for (let i = 0; i < sizeOf(shape); i++) {
    const at = new Array<number>(shape.length);
    let rest = i;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    yield at;
  }
}

/** The flat index of coordinates in a row-major shape that may be broadcast: sizes of one and missing axes repeat. */
export function flatIndex(at: readonly number[], shape: Shape): number {
  const lead = at.length - shape.length;
  return shape.reduce((index, size, axis) => index * size + (size === 1 ? 0 : at[lead + axis]), 0);
}
