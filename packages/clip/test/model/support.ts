import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Device, type nn, openDevice, type StoredTensor, sizeOf, type Tensor } from "@inctrl/tensor";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { clipParameters, type ModelConfig, parseConfig } from "../../src/index.js";

/** A CLIP with sizes that are multiples of nothing, and pixels that fill no patch. */
export const SMALL_CLIP = parseConfig({
  embed_dim: 7,
  quick_gelu: true,
  vision_cfg: { image_size: 11, patch_size: 5, width: 15, head_width: 5, layers: 3, mlp_ratio: 2 },
  text_cfg: { context_length: 9, vocab_size: 21, width: 9, heads: 3, layers: 2, mlp_ratio: 3 },
  out_blocks: [1, 3],
});

/** A timm ViT: a bias on the patches, no norm before the blocks, no projection. */
export const SMALL_VIT = parseConfig({
  embed_dim: 14,
  depth: 2,
  num_heads: 2,
  img_size: 13,
  patch_size: 4,
  mlp_ratio: 3,
  out_blocks: [2],
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

export function random(seed: number, count: number, spread = 1): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length: count }, () => (2 * next() - 1) * spread);
}

/** Parameters of a model in which no norm is at one and no bias at zero, as trained models are. */
export function trainedValues(config: ModelConfig, seed: number): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  for (const [name, { shape }] of clipParameters(config)) {
    const count = sizeOf(shape);
    const norm = /ln_\w+\.weight$/.test(name);
    const matrix = shape.length > 1 && !name.includes("embedding");
    const spread = matrix ? 1.7 / Math.sqrt(count / Math.min(...shape.slice(0, 2))) : 0.3;
    values.set(
      name,
      random(seed++, count, spread).map((v) => (norm ? 1 + v : v)),
    );
  }
  return values;
}

export const readerOf =
  (values: ReadonlyMap<string, Float32Array>): nn.ReadParameter =>
  async (name) =>
    values.get(name) as Float32Array;

/** The tensors of a checkpoint in OpenCLIP's names. */
export function storedTensors(
  config: ModelConfig,
  values: ReadonlyMap<string, Float32Array>,
): Map<string, StoredTensor> {
  return new Map(
    [...clipParameters(config)].map(([name, { shape }]) => [
      name,
      { dtype: "F32", shape, data: values.get(name) as Float32Array },
    ]),
  );
}

/** A test function whose tests share a device and a folder, and fail when they leave a tensor undisposed. */
export function deviceTests(name: string) {
  const tests = suite(name);
  let device: Device;
  let folder = "";
  tests.before(async () => {
    device = await openDevice();
    folder = mkdtempSync(join(tmpdir(), "clip-model-test-"));
  });
  tests.after(() => {
    device.close();
    rmSync(folder, { recursive: true });
  });
  const add = (title: string, run: (device: Device, folder: string) => unknown): void => {
    tests(title, async () => {
      const before = device.memory().tensors;
      await run(device, folder);
      assert.is(device.memory().tensors - before, 0, "tensors leaked");
    });
  };
  return Object.assign(add, { run: () => tests.run() });
}

/** The values of a tensor, which is freed. */
export async function take(made: Tensor): Promise<Float32Array> {
  const values = await made.data();
  made.dispose();
  return values;
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
