import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Device, openSafetensors, scope, slice, type Tensor, tensor } from "@inctrl/tensor";
import { maxError, random } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { readParameter } from "../../src/checkpoint/check.js";
import { resizePositional } from "../../src/checkpoint/positional.js";
import { clipParameters, loadClip, openWeights, parseConfig, prefixTokens } from "../../src/index.js";
import { take } from "./support.js";

const golden = fileURLToPath(new URL("../../../../../shared/golden/baselines-clip/", import.meta.url));
const test = deviceTests("DINOv2");
/** That of the golden files, for values of about 30. */
const TOLERANCE = 1e-4;
const RULES = ["offset", "plain", "antialias"] as const;

async function forwardOf(model: string) {
  const file = await openSafetensors(`${golden}${model}.forward.safetensors`);
  const read = (name: string) => file.readFloat32(name);
  const shape = (name: string) => file.tensors.get(name)!.shape;
  return { read, shape, has: (name: string) => file.tensors.has(name), close: () => file.close() };
}

async function parametersOf(path: string, config: ReturnType<typeof parseConfig>) {
  const weights = await openWeights(path);
  const values = new Map<string, Float32Array>();
  for (const name of clipParameters(config).keys())
    values.set(name, await readParameter(weights, config, name));
  const { unexpected } = weights;
  await weights.close();
  return { values, unexpected };
}

for (const model of existsSync(golden) ? ["dino", "dino-reg"] : []) {
  const config = parseConfig(readFileSync(`${golden}${model}.json`, "utf8"));

  test(`${model}: all three layouts hold the same parameters, to the bit`, async () => {
    const meta = await parametersOf(`${golden}${model}.meta.safetensors`, config);
    for (const layout of ["timm", "huggingface"])
      assert.equal(await parametersOf(`${golden}${model}.${layout}.safetensors`, config), meta);
    assert.equal(meta.unexpected, []);
  });

  test(`${model}: positions on other grids by all three rules`, async () => {
    const forward = await forwardOf(model);
    const weights = await openWeights(`${golden}${model}.meta.safetensors`);
    const own = await weights.readFloat32("visual.positional_embedding");
    await weights.close();
    for (const [rows, columns] of [
      [5, 8],
      [9, 3],
    ])
      for (const rule of RULES) {
        const got = resizePositional(own, { from: 6, to: { rows, columns }, width: 32, rule });
        const want = await forward.read(`${rows}x${columns}.positions.${rule}`);
        assert.ok(maxError(got, want) < 1e-6, `${rows}x${columns} ${rule}: ${maxError(got, want)}`);
      }
    await forward.close();
  });

  test(`${model}: tokens, blocks and features on any grid are those of PyTorch`, async ({ device }) => {
    const forward = await forwardOf(model);
    const weights = await openWeights(`${golden}${model}.timm.safetensors`);
    using clip = await loadClip(device, config, weights);
    await weights.close();
    for (const grid of ["6x6", "5x8", "9x3"]) {
      const close = async (made: Tensor, name: string) => {
        const error = maxError(await take(made), await forward.read(`${grid}.${name}`));
        assert.ok(error < TOLERANCE, `${grid} ${name}: ${error}`);
      };
      using pixels = await pixelsOf(device, forward, grid);
      await close(clip.vision.embed(pixels), "embedded");
      const { features, taps } = clip.vision.forward(pixels, { taps: [1, 2, 3] });
      await close(features, "cls");
      const prefix = prefixTokens(config.vision);
      const normed = scope(() => clip.vision.project(taps[2]));
      const part = (from: number, to: number) => scope(() => slice(normed, [null, [from, to]]));
      await close(part(prefix, normed.shape[1]), "patches");
      if (prefix > 1) await close(part(1, prefix), "registers");
      normed.dispose();
      for (const [i, tap] of taps.entries()) await close(tap, `block.${i + 1}`);
    }
    await forward.close();
  });
}

test("a model loaded for another image size has the positions that its own size gives those images", async ({
  device,
}) => {
  if (!existsSync(golden)) return;
  const config = parseConfig(readFileSync(`${golden}dino.json`, "utf8"));
  const smaller = { ...config, vision: { ...config.vision, imageSize: 70 } };
  using pixels = tensor(device, random(5, 3 * 70 * 70, -2, 2), [1, 3, 70, 70]);
  const embedded: Float32Array[] = [];
  for (const each of [config, smaller]) {
    const weights = await openWeights(`${golden}dino.huggingface.safetensors`);
    using clip = await loadClip(device, each, weights);
    await weights.close();
    embedded.push(await take(clip.vision.embed(pixels)));
  }
  assert.is(embedded[0].length, 26 * 32);
  assert.ok(maxError(embedded[0], embedded[1]) < 1e-6, `${maxError(embedded[0], embedded[1])}`);
});

async function pixelsOf(
  device: Device,
  { read, shape }: Awaited<ReturnType<typeof forwardOf>>,
  grid: string,
) {
  return tensor(device, await read(`${grid}.pixels`), shape(`${grid}.pixels`));
}

if (!existsSync(golden))
  test("golden values", () => console.log("skipped: ../shared/golden/baselines-clip absent"));

test.run();
