import {
  buildClip,
  Clip,
  chooseConfig,
  type ModelConfig,
  parameterReader,
  randomParameters,
  requireKeys,
  type Weights,
} from "@inctrl/clip";
import { type Device, measurePace, nearest, packBank, reshape, scope, Tensor } from "@inctrl/tensor";
import type { TextSource } from "../text/text-source.js";
import { chooseBatch } from "./batch.js";
import { fingerprinting, startFingerprint } from "./fingerprint.js";
import { VitBackbone } from "./vit-backbone.js";
import { encodePixels } from "./vit-taps.js";

/** How weights become a backbone. */
export interface LoadBackboneOptions {
  /** A configuration's name or JSON file, where the tensors' shapes do not tell (QuickGELU, head widths). */
  config?: string;
  /** `float16` keeps the matrices in half precision. Default float32. */
  dtype?: "float32" | "float16";
  /** What it is called where its configuration has no name. Default: its file's name. */
  name?: string;
  /** Called, in one line, with each thing that was guessed or chosen because the file does not tell it. */
  onNote?: (line: string) => void;
  /** Parameters loaded so far, and in all. */
  onProgress?: (loaded: number, total: number) => void;
  /** The text tower of a configuration that has one. Default: none. */
  text?: (config: ModelConfig) => TextSource;
}

/**
 * Loads the image tower of open weights, which stay the caller's.
 *
 * @throws ClipError where they are no model, and TensorFileError where they cannot be read.
 * @example
 * const weights = canonicalWeights(parseSafetensors(bytes, "model.safetensors"));
 * using backbone = await loadBackbone(device, weights);
 */
export async function loadBackbone(
  device: Device,
  weights: Weights,
  { config: wanted, dtype, name, onNote, onProgress, text }: LoadBackboneOptions = {},
): Promise<VitBackbone> {
  const { config, notes } = await chooseConfig(weights, wanted);
  for (const note of [...weights.notes, ...notes]) onNote?.(note);
  requireKeys(weights, config, { parts: config.text ? "clip" : "vision" });
  // Compiled while the weights are read.
  const compiled = compileAhead(device, config, dtype);
  compiled.catch(() => {});
  const hash = startFingerprint(config);
  const read = fingerprinting(hash, parameterReader(weights, config, dtype));
  const clip = await buildClip(device, config, read, { dtype, parts: "vision", onProgress });
  await compiled;
  const called = config.name ?? name ?? weights.path.replace(/^.*[/\\]/s, "");
  return new VitBackbone(called, clip, hash.hex(), (config.text && text?.(config)) ?? null);
}

/** A seeded, untrained image tower: enough to tell textures apart, and to try everything without a download. */
export async function randomBackbone(
  device: Device,
  config: ModelConfig,
  seed: number,
): Promise<VitBackbone> {
  const hash = startFingerprint(config);
  const clip = await buildClip(device, config, fingerprinting(hash, randomParameters(seed)), {
    parts: "vision",
  });
  return new VitBackbone(`untrained ${config.name ?? "ViT"} (seed ${seed})`, clip, hash.hex(), null);
}

/** Compiles side by side what an image tower and the search for its nearest patches run, so that the first batch waits for none. */
async function compileAhead(device: Device, config: ModelConfig, dtype?: "float32" | "float16") {
  const { size } = config.preprocess;
  await measurePace(device);
  await device.prepare(() =>
    scope(() => {
      using clip = new Clip(config, { parts: "vision" }).freeze({ dtype }).allocate(device);
      // Other batches compile what they need when they come.
      const pixels = Tensor.empty(device, [chooseBatch(device, config), 3, size, size]);
      for (const tap of encodePixels(clip.vision, pixels, config.outBlocks).taps) {
        nearest(tap, packBank(reshape(tap, [-1, tap.shape[2]])));
      }
    }),
  );
}
