import type { Device } from "@inctrl/tensor";
import { readParameter, requireKeys, type Weights } from "../checkpoint/index.js";
import type { ModelConfig } from "../config/types.js";
import {
  hollowParameters,
  type LoadOptions,
  loadParameters,
  type Parameters,
  type ReadParameter,
} from "./parameters.js";
import { TextTransformer } from "./text.js";
import { VisionTransformer } from "./vision.js";

/** A backbone on a device: an image tower and, for CLIP models, a text tower. */
export class Clip {
  readonly config: ModelConfig;
  readonly device: Device;
  readonly parameters: Parameters;
  readonly vision: VisionTransformer;
  /** Absent for plain image transformers, or where only the vision tower was loaded. */
  readonly text?: TextTransformer;

  constructor(device: Device, config: ModelConfig, parameters: Parameters, withText: boolean) {
    this.device = device;
    this.config = config;
    this.parameters = parameters;
    this.vision = new VisionTransformer(config, parameters);
    if (withText && config.text) this.text = new TextTransformer(config, parameters);
  }

  /** Bytes of parameters on the device. */
  get bytes(): number {
    return this.parameters.bytes;
  }

  dispose(): void {
    this.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Loads a backbone from a checkpoint, parameter by parameter; missing, unexpected or misshaped ones are refused by name.
 *
 * @throws ClipError `keys`.
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
  return buildClip(device, config, (name, _, into) => readParameter(weights, config, name, into), options);
}

/** Builds a backbone from any source of values, such as `randomParameters`. */
export async function buildClip(
  device: Device,
  config: ModelConfig,
  read: ReadParameter,
  options: LoadOptions = {},
): Promise<Clip> {
  const parameters = await loadParameters(device, config, read, options);
  return new Clip(device, config, parameters, options.parts !== "vision");
}

/**
 * A backbone whose parameters take no memory and hold nothing: what it would run can be compiled while its weights are read.
 *
 * @example
 * await device.prepare(() => scope(() => void hollowClip(device, config).vision.forward(zeros(device, [8, 3, 224, 224]))));
 */
export function hollowClip(
  device: Device,
  config: ModelConfig,
  options: Pick<LoadOptions, "dtype" | "parts"> = {},
): Clip {
  return new Clip(device, config, hollowParameters(device, config, options), options.parts !== "vision");
}
