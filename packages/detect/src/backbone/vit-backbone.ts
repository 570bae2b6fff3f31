import type { Clip, ModelConfig, PreprocessConfig, VisionOutput } from "@inctrl/clip";
import type { Device, Tensor } from "@inctrl/tensor";
import { DetectError } from "../errors.js";
import type { PromptForm } from "../text/prototypes.js";
import type { TextSource, TextTower, TowerOptions } from "../text/text-source.js";
import { type Backbone, type Tap, type TapLayout, type ViewSize, withoutText } from "./backbone.js";
import { chooseBatch } from "./batch.js";
import { encodePixels, NORM, windowSide } from "./vit-taps.js";

/**
 * The image tower of a ViT; for CLIP models its text tower is opened when a class is named, and closed again once its prototypes
 * are made. Its taps are its blocks by number, and "norm": the last block after the final norm, both of patches alone, without
 * class tokens and registers; and "window.2", "window.3" and so on: the class features of windows of so many patches a side.
 */
export class VitBackbone implements Backbone {
  readonly name: string;
  readonly device: Device;
  readonly config: ModelConfig;
  readonly clip: Clip;
  /**
   * sha256 over the image tower's names, shapes and sampled values, its heads and its activation: equal for equal weights
   * in any file layout.
   */
  readonly fingerprint: string;
  readonly #text: TextSource | null;
  readonly #prototypes = new Map<string, Tensor>();

  constructor(name: string, clip: Clip, fingerprint: string, text: TextSource | null) {
    this.name = name;
    this.device = clip.device;
    this.config = clip.config;
    this.clip = clip;
    this.fingerprint = fingerprint;
    this.#text = text;
  }

  get parameters(): number {
    return this.clip.vision.size;
  }

  get embedDim(): number {
    return this.config.embedDim;
  }

  get promptSymmetries(): number {
    return this.config.promptSymmetries ?? 1;
  }

  get preprocess(): PreprocessConfig {
    return this.config.preprocess;
  }

  get depth(): number {
    return this.config.vision.layers;
  }

  get defaultTaps(): readonly number[] {
    return this.config.outBlocks;
  }

  layout(tap: Tap, { width, height }: ViewSize): TapLayout {
    const { layers, patch, width: values, imageSize, positions } = this.config.vision;
    const isBlock = Number.isInteger(tap) && Number(tap) >= 1 && Number(tap) <= layers;
    const side = windowSide(tap);
    if (!isBlock && tap !== NORM && side === undefined) {
      throw new DetectError(
        "blocks",
        `blocks ${tap}: ${this.name} has ${layers}; give some of 1 to ${layers} in ascending order, or "${NORM}", each once`,
      );
    }
    if (!positions && (width !== imageSize || height !== imageSize)) {
      throw new DetectError(
        "views",
        `an image was prepared at ${width} x ${height} pixels and ${this.name} takes ${imageSize} x ${imageSize}; prepare it at that size`,
      );
    }
    const [rows, columns] = [Math.floor(height / patch), Math.floor(width / patch)];
    if (side === undefined) return { rows, columns, width: values };
    if (side > Math.min(rows, columns)) {
      throw new DetectError(
        "blocks",
        `blocks ${tap}: windows of ${side} x ${side} patches do not fit into ${rows} x ${columns}; give larger images or smaller windows`,
      );
    }
    return { rows: rows - side + 1, columns: columns - side + 1, width: this.config.embedDim };
  }

  batch(size: ViewSize, taps: readonly Tap[]): number {
    return chooseBatch(this.device, this.config, size, taps.length);
  }

  encode(pixels: Tensor, taps: readonly Tap[]): VisionOutput {
    return encodePixels(this.clip.vision, pixels, taps);
  }

  get hasText(): boolean {
    return this.#text !== null;
  }

  get logitScale(): number | undefined {
    return this.config.text?.logitScale;
  }

  async textFingerprint(): Promise<string | null> {
    return (await this.#text?.fingerprint()) ?? null;
  }

  async prototypes(className: string, form?: PromptForm): Promise<Tensor> {
    const key = JSON.stringify([className, form]);
    const known = this.#prototypes.get(key);
    if (known) return known;
    const made = await this.#texts().prototypes(className, form);
    this.#prototypes.set(key, made);
    return made;
  }

  async withText<T>(use: (tower: TextTower) => Promise<T>, options?: TowerOptions): Promise<T> {
    return this.#texts().withTower(use, options);
  }

  #texts(): TextSource {
    if (this.#text) return this.#text;
    throw withoutText(this.name);
  }

  dispose(): void {
    for (const made of this.#prototypes.values()) made.dispose();
    this.#prototypes.clear();
    this.clip.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
