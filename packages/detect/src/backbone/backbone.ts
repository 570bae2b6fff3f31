import { basename } from "node:path";
import {
  buildClip,
  Clip,
  chooseConfig,
  gridSize,
  type ModelConfig,
  openWeights,
  parameterReader,
  randomParameters,
  requireKeys,
  resolveModel,
} from "@inctrl/clip";
import { type Device, nearest, packBank, reshape, scope, Tensor } from "@inctrl/tensor";
import { encodePixels } from "../encoder/encode.js";
import { DetectError } from "../errors.js";
import { TextSource } from "../text/text-source.js";
import { chooseBatch } from "./batch.js";
import { fingerprinting, startFingerprint } from "./fingerprint.js";

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
 * A frozen image tower, ready to encode images; for CLIP models its text tower is opened when a class is named, and
 * closed again once its prototypes are made.
 */
export class Backbone {
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

  /** Patches down and across a view. */
  get grid(): { readonly rows: number; readonly columns: number } {
    const side = gridSize(this.config.vision);
    return { rows: side, columns: side };
  }

  get patches(): number {
    return this.grid.rows * this.grid.columns;
  }

  /** Symmetries of the square in which nearest-patch methods compare prompts, as the model's configuration wishes. */
  get promptSymmetries(): number {
    return this.config.promptSymmetries ?? 1;
  }

  /** Whether the model knows text, so that a class name can be used. */
  get hasText(): boolean {
    return this.#text !== null;
  }

  /** The same for what text scores depend on: the text tower, its configuration and vocabulary; null without one. */
  async textFingerprint(): Promise<string | null> {
    return (await this.#text?.fingerprint()) ?? null;
  }

  /**
   * The two text prototypes of a class, [2, embedDim]; made once for each name and kept until `dispose`.
   *
   * @throws DetectError `text` where the backbone has no text tower, `vocabulary` where none is known, `class-name` for a name
   * without words or, unless `onLongName` is told, too long for the text tower.
   */
  async prototypes(className: string): Promise<Tensor> {
    const known = this.#prototypes.get(className);
    if (known) return known;
    if (!this.#text) {
      throw new DetectError(
        "text",
        `${this.name} has no text tower, so a class name cannot be used; leave it out or take a CLIP model`,
      );
    }
    const made = await this.#text.prototypes(className);
    this.#prototypes.set(className, made);
    return made;
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
): Promise<Backbone> {
  const resolved = await resolveModel(source);
  const weights = await openWeights(resolved.weights, options);
  try {
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
    return new Backbone(config.name ?? basename(source), clip, hash.digest("hex"), text);
  } finally {
    await weights.close();
  }
}

/** A seeded, untrained image tower: enough to tell textures apart, and to try everything without a download. */
export async function randomBackbone(device: Device, config: ModelConfig, seed: number): Promise<Backbone> {
  const hash = startFingerprint(config);
  const clip = await buildClip(device, config, fingerprinting(hash, randomParameters(seed)), {
    parts: "vision",
  });
  return new Backbone(`untrained ${config.name ?? "ViT"} (seed ${seed})`, clip, hash.digest("hex"), null);
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
