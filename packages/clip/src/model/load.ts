import { type Device, nn } from "@inctrl/tensor";
import { parameterReader, requireKeys } from "../checkpoint/check.js";
import type { Weights } from "../checkpoint/weights.js";
import type { ModelConfig } from "../config/types.js";
import { Clip, type Parts } from "./clip.js";

/** How weights are kept on the device. */
export interface LoadOptions extends nn.FreezeOptions {
  /** Default: all that the configuration has. */
  parts?: Parts;
  /** Keep every parameter as a plain float32 tensor that gradients can reach, instead of freezing the model. */
  trainable?: boolean;
  /** Called after each parameter with the number of values loaded so far, and in all. */
  onProgress?: (loaded: number, total: number) => void;
}

/**
 * Loads a backbone from a checkpoint, parameter by parameter; missing, unexpected or misshaped ones are refused by name.
 *
 * @throws ClipError `keys`, or `values` for a NaN, an infinity, or a value that float16 cannot hold.
 * @example
 * const weights = await openWeights("model.safetensors");
 * const clip = await loadClip(device, inferConfig(weights), weights);
 */
export async function loadClip(
  device: Device,
  config: ModelConfig,
  weights: Weights,
  options: LoadOptions = {},
): Promise<Clip> {
  requireKeys(weights, config, { parts: options.parts === "vision" || !config.text ? "vision" : "clip" });
  const { trainable, dtype } = options;
  return buildClip(device, config, parameterReader(weights, config, trainable ? "float32" : dtype), options);
}

/** Builds a backbone from any source of values, such as `randomParameters`. */
export async function buildClip(
  device: Device,
  config: ModelConfig,
  read: nn.ReadParameter,
  { parts, dtype, trainable = false, onProgress }: LoadOptions = {},
): Promise<Clip> {
  const clip = new Clip(config, { parts });
  if (!trainable) clip.freeze({ dtype });
  await nn.fill(device, clip.namedParameters(), read, onProgress);
  return clip;
}
