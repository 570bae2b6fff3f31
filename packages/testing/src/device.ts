import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clipParameters, parseConfig, randomParameters, resolveModel } from "@inctrl/clip";
import { openBackbone, randomBackbone, type VitBackbone } from "@inctrl/detect";
import { type Device, type StoredTensor, writeSafetensors } from "@inctrl/tensor";
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

/**
 * `deviceTests` whose tests are each given a backbone, which is disposed when they end.
 *
 * @param open makes the backbone of a test: the small one, unless told otherwise.
 * @example
 * const test = backboneTests("encoder", fixtureBackbone);
 * test("a view keeps its bits", async ({ backbone }) => { ... });
 * test.run();
 */
export function backboneTests(name: string, open: (device: Device) => Promise<VitBackbone> = smallBackbone) {
  const test = deviceTests(name);
  const add = (
    title: string,
    run: (context: Context & { readonly backbone: VitBackbone }) => unknown,
  ): void =>
    test(title, async (context) => {
      using backbone = await open(context.device);
      await run({ ...context, backbone });
    });
  return Object.assign(add, { run: test.run });
}

/** The image tower of a committed fixture. */
export const fixtureBackbone = (device: Device, fixture = PATCH14): Promise<VitBackbone> =>
  openBackbone(device, join(fixture, "inctrl.pyth"), { config: join(fixture, "config.json"), extra: isHead });

/** 32 pixels, 4 x 4 patches, and a text tower for nano's vocabulary. */
const TEXTED = {
  ...{ embed_dim: 16, quick_gelu: true, out_blocks: [2] },
  vision_cfg: { image_size: 32, patch_size: 8, width: 24, head_width: 12, layers: 2 },
  text_cfg: { context_length: 40, vocab_size: 1685, width: 16, heads: 2, layers: 2 },
};

/** A small, untrained CLIP whose text tower can be opened, in a file of a folder. */
export async function textBackbone(device: Device, folder: string, seed = 1): Promise<VitBackbone> {
  const [weights, config] = [join(folder, `clip-${seed}.safetensors`), join(folder, "clip.json")];
  const read = randomParameters(seed);
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, parameter] of clipParameters(parseConfig(TEXTED))) {
    tensors[name] = { dtype: "F32", shape: parameter.shape, data: await read(name, parameter) };
  }
  await writeSafetensors(weights, tensors);
  writeFileSync(config, JSON.stringify(TEXTED));
  const { vocabulary } = await resolveModel("nano");
  return openBackbone(device, weights, { config, vocabulary });
}

/** 32 pixels, 4 x 4 patches, two tapped blocks. */
const SMALL = parseConfig({ img_size: 32, patch_size: 8, embed_dim: 32, depth: 2, num_heads: 2 });

/** A small, untrained image tower without text. */
export const smallBackbone = (device: Device, seed = 1): Promise<VitBackbone> =>
  randomBackbone(device, SMALL, seed);
