import { type Device, nn } from "@inctrl/tensor";
import type { ModelConfig } from "../config/types.js";
import { TextTransformer } from "./text.js";
import { VisionTransformer } from "./vision.js";

/** Which part of a model with text: its vision tower, its text tower, or both. */
export type Parts = "vision" | "text" | "clip";

/**
 * A backbone: an image tower and, for CLIP models, a text tower. New ones are placeholders; see `loadClip` and `buildClip`.
 *
 * @example
 * // Compiles the kernels while the weights are read.
 * await device.prepare(() => {
 *   using clip = new Clip(config).freeze().allocate(device);
 *   scope(() => void clip.vision.forward(Tensor.empty(device, [8, 3, 224, 224])));
 * });
 */
export class Clip extends nn.Module {
  readonly config: ModelConfig;
  readonly parts: Parts;
  /** Has no values where only the text tower was asked for. */
  readonly vision: VisionTransformer;
  /** Absent for plain image transformers, and where only the vision tower was asked for. */
  readonly text?: TextTransformer;

  /** @param options.parts default: all that the configuration has. */
  constructor(config: ModelConfig, { parts = "clip" }: { parts?: Parts } = {}) {
    super();
    this.config = config;
    this.parts = parts;
    this.vision = new VisionTransformer(config);
    if (parts !== "vision" && config.text) this.text = new TextTransformer(config.text, config);
  }

  get device(): Device {
    const [first] = this.namedParameters().values();
    return first.value.device;
  }

  /** Names are OpenCLIP's: the image tower's begin with `visual.`, the text tower's have no prefix. */
  override namedParameters(prefix = ""): Map<string, nn.Parameter> {
    return new Map([
      ...(this.parts === "text" ? [] : this.vision.namedParameters(`${prefix}visual.`)),
      ...(this.text?.namedParameters(prefix) ?? []),
    ]);
  }
}

/**
 * Every parameter of a model of `config` by canonical (OpenCLIP) name, with its shape and role.
 *
 * @example
 * clipParameters(findConfig("ViT-B-16")).get("visual.proj")?.shape // [768, 512]
 */
export const clipParameters = (config: ModelConfig, parts?: Parts): Map<string, nn.Parameter> =>
  new Clip(config, { parts }).namedParameters();

/**
 * Number of values in a model of `config`.
 *
 * @example
 * parameterCount(findConfig("ViT-B-16-plus-240")) // 208377345
 */
export const parameterCount = (config: ModelConfig): number =>
  [...clipParameters(config).values()].reduce((count, { size }) => count + size, 0);
