import { basename } from "node:path";
import {
  buildClip,
  Clip,
  chooseConfig,
  type ModelConfig,
  openWeights,
  type PreprocessConfig,
  parameterReader,
  randomParameters,
  requireKeys,
  resolveModel,
  type VisionOutput,
} from "@inctrl/clip";
import { type Device, nearest, packBank, reshape, scope, Tensor } from "@inctrl/tensor";
import { DetectError } from "../errors.js";
import type { PromptForm } from "../text/prototypes.js";
import { TextSource, type TextTower, type TowerOptions } from "../text/text-source.js";
import { type Backbone, type Tap, type TapLayout, type ViewSize, withoutText } from "./backbone.js";
import { chooseBatch } from "./batch.js";
import { fingerprinting, startFingerprint } from "./fingerprint.js";
import { encodePixels, NORM, windowSide } from "./vit-taps.js";

export interface BackboneOptions {
  /** A configuration's name or JSON file, where the tensors' shapes do not tell (QuickGELU, head widths). */
  config?: string;
  /** The BPE vocabulary of a model with text; default the downloaded one. */
  vocabulary?: string;
  /** `float16` keeps the matrices in half precision. Default float32. */
  dtype?: "float32" | "float16";
  /** Folder in which text prototypes are kept from run to run. Without it they are not. */
  textCache?: string;
  /** Accepts names of other parts in the same file, such as a method's heads; they are passed over. Default none. */
  extra?: (name: string) => boolean;
  /** Called, in one line, with each thing that was guessed or chosen because the file does not tell it, and with kept prototypes that are made again. */
  onNote?: (line: string) => void;
  /** Told of a class name that is too long, so that its prompts are cut. Default: it is refused. */
  onLongName?: (message: string) => void;
  /** Parameters loaded so far, and in all. */
  onProgress?: (loaded: number, total: number) => void;
}

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
    return chooseBatch(this.device.caps, this.config, size, taps.length);
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

/**
 * Opens a backbone from a checkpoint file, or by the name of a downloaded one, and loads its image tower.
 *
 * @param source a path, or a name that `inctrl models` lists.
 * @throws ClipError, HubError or TensorFileError, each saying how to mend it.
 * @example
 * const backbone = await openBackbone(device, "model.safetensors");
 */
export async function openBackbone(
  device: Device,
  source: string,
  options: BackboneOptions = {},
): Promise<VitBackbone> {
  const resolved = await resolveModel(source);
  await using weights = await openWeights(resolved.weights, options);
  const { config, notes } = await chooseConfig(weights, options.config ?? resolved.config);
  for (const note of [...weights.notes, ...notes]) options.onNote?.(note);
  requireKeys(weights, config, { parts: config.text ? "clip" : "vision" });
  // Compiled while the weights are read.
  const compiled = compileAhead(device, config, options.dtype);
  compiled.catch(() => {});
  const hash = startFingerprint(config);
  const read = fingerprinting(hash, parameterReader(weights, config, options.dtype));
  const clip = await buildClip(device, config, read, {
    dtype: options.dtype,
    parts: "vision",
    onProgress: options.onProgress,
  });
  await compiled;
  const vocabulary = options.vocabulary ?? resolved.vocabulary;
  const { dtype, textCache: cache, onNote, onLongName } = options;
  const told = { onNote, onLongName };
  const text = config.text
    ? new TextSource({ device, path: resolved.weights, config, vocabulary, dtype, cache, ...told })
    : null;
  return new VitBackbone(config.name ?? basename(source), clip, hash.digest("hex"), text);
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
  return new VitBackbone(`untrained ${config.name ?? "ViT"} (seed ${seed})`, clip, hash.digest("hex"), null);
}

/** Compiles side by side what an image tower and the search for its nearest patches run, so that the first batch waits for none. */
async function compileAhead(device: Device, config: ModelConfig, dtype?: "float32" | "float16") {
  const { size } = config.preprocess;
  await device.prepare(() =>
    scope(() => {
      using clip = new Clip(config, { parts: "vision" }).freeze({ dtype }).allocate(device);
      // Other batches compile what they need when they come.
      const pixels = Tensor.empty(device, [chooseBatch(device.caps, config), 3, size, size]);
      for (const tap of encodePixels(clip.vision, pixels, config.outBlocks).taps) {
        nearest(tap, packBank(reshape(tap, [-1, tap.shape[2]])));
      }
    }),
  );
}
