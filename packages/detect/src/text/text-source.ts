import { createHash } from "node:crypto";
import {
  buildClip,
  clipParameters,
  type ModelConfig,
  openTokenizer,
  openWeights,
  parameterReader,
  type TextTransformer,
  type Tokenizer,
  type Weights,
} from "@inctrl/clip";
import { hashFile } from "@inctrl/datasets";
import { type Device, keep, type Tensor, tensor } from "@inctrl/tensor";
import { fingerprinting } from "../backbone/fingerprint.js";
import { DetectError, notFinite } from "../errors.js";
import { TensorCache } from "../files/tensor-cache.js";
import { nameFault } from "./class-name.js";
import { promptTexts } from "./prompts.js";
import { classPrototypes, type PromptForm } from "./prototypes.js";

export interface TextSourceOptions {
  readonly device: Device;
  /** The checkpoint that holds the text tower. */
  readonly path: string;
  readonly config: ModelConfig;
  readonly vocabulary: string | undefined;
  readonly dtype?: "float32" | "float16";
  /** Folder in which prototypes are kept. Without it none are; one that cannot be written to keeps nothing. */
  readonly cache?: string;
  /** Told of a class name whose prompts are cut, in place of the error. */
  readonly onLongName?: (message: string) => void;
  /** Told of kept prototypes that are made again. */
  readonly onNote?: (text: string) => void;
}

/** Bytes of prototypes kept: about 1,000 classes. */
const CACHE_BYTES = 8e6;

/** Raised when prototypes are computed in another way: old files are then not found any more. */
const VERSION = 2;

/** An open text tower. */
export interface TextTower {
  readonly text: TextTransformer;
  readonly tokenizer: Tokenizer;
}

export interface TowerOptions {
  /** Plain float32 values that gradients pass through. Default false. */
  readonly trainable?: boolean;
}

/** A text tower on demand: it is needed once a class, and is as large as the image tower. */
export class TextSource {
  readonly #options: TextSourceOptions;
  #fingerprint: Promise<string> | null = null;

  constructor(options: TextSourceOptions) {
    this.#options = options;
  }

  /**
   * The two text prototypes of a class, [2, embedDim], from the cache or from the tower, which is loaded for it and let go.
   *
   * @throws DetectError `vocabulary` where there is none, `class-name` for a name without words or too long for the tower.
   */
  async prototypes(className: string, form: PromptForm = {}): Promise<Tensor> {
    const { device, config, cache: folder, onNote } = this.#options;
    this.#checkName(await this.#tokenizer(), className, form);
    if (folder === undefined) return this.#encode(className, form);
    const cache = await TensorCache.open(folder, { limit: CACHE_BYTES, onNote }).catch(() => null);
    const key = await this.#key(className, form);
    const prototypes = { dtype: "F32", shape: [2, config.embedDim] } as const;
    const known = await cache?.read(key, { prototypes }, "prototypes");
    if (known) return keep(tensor(device, new Float32Array(known.buffer), prototypes.shape));
    const made = await this.#encode(className, form);
    const stored = { prototypes: { ...prototypes, data: await made.data() } };
    // Where the folder refuses, the next run makes them again.
    await cache?.write(key, stored, { class: className }).catch(() => {});
    return made;
  }

  /** Opens the tower, and lets it go once `use` is done. @throws DetectError `vocabulary` where there is none. */
  async withTower<T>(use: (tower: TextTower) => Promise<T>, { trainable }: TowerOptions = {}): Promise<T> {
    const { device, config } = this.#options;
    const dtype = trainable ? undefined : this.#options.dtype;
    const tokenizer = await this.#tokenizer();
    const clip = await this.#withWeights((weights) =>
      buildClip(device, config, parameterReader(weights, config, dtype), { dtype, parts: "text", trainable }),
    );
    try {
      return await use({ text: clip.text!, tokenizer });
    } finally {
      clip.dispose();
      device.trim();
    }
  }

  async #tokenizer(): Promise<Tokenizer> {
    const { vocabulary, config } = this.#options;
    if (vocabulary !== undefined) return openTokenizer(vocabulary, { vocabSize: config.text?.vocabSize });
    throw new DetectError(
      "vocabulary",
      "the class name needs CLIP's vocabulary, and no file of it is known; download it or name its file",
    );
  }

  #checkName(tokenizer: Tokenizer, className: string, { ensemble }: PromptForm): void {
    const { config, onLongName } = this.#options;
    const fault = nameFault(tokenizer, className, config.text!.contextLength, ensemble);
    if (!fault) return;
    const message = `the class name ${JSON.stringify(className.slice(0, 100))} ${fault.why}`;
    if (!fault.cuts || !onLongName) throw new DetectError("class-name", message);
    onLongName(message);
  }

  #encode(className: string, form: PromptForm): Promise<Tensor> {
    return this.withTower(async ({ text, tokenizer }) => {
      const made = keep(classPrototypes(text, tokenizer, className, form));
      if ((await made.data()).every(Number.isFinite)) return made;
      made.dispose();
      throw notFinite(JSON.stringify(className), "features");
    });
  }

  /** sha256 over all that text scores depend on besides the image: the tower's values, its configuration and the vocabulary. */
  async fingerprint(): Promise<string> {
    const { config, dtype = "float32", vocabulary } = this.#options;
    this.#fingerprint ??= this.#hashTower();
    const facts = {
      tower: await this.#fingerprint,
      text: config.text,
      activation: config.activation,
      dtype,
      vocabulary: vocabulary && (await hashFile(vocabulary)),
    };
    return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
  }

  /** A name for all that the prototypes of a class depend on. */
  async #key(className: string, { ensemble, average }: PromptForm): Promise<string> {
    const { name, description, family } = this.#options.device.caps;
    const facts = {
      version: VERSION,
      text: await this.fingerprint(),
      prompts: promptTexts(className, ensemble),
      ...(average === "raw" && { average }),
      // Adapters round in their own ways.
      adapter: [name, description, family],
    };
    return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
  }

  /** A hash of the text tower's values, read on the host alone. */
  async #hashTower(): Promise<string> {
    const { config } = this.#options;
    return this.#withWeights(async (weights) => {
      const hash = createHash("sha256");
      const read = fingerprinting(hash, parameterReader(weights, config));
      const parameters = clipParameters(config, "text");
      const scratch = new Float32Array(Math.max(...[...parameters.values()].map(({ size }) => size)));
      for (const [name, parameter] of parameters) await read(name, parameter, scratch);
      return hash.digest("hex");
    });
  }

  async #withWeights<T>(run: (weights: Weights) => Promise<T>): Promise<T> {
    await using weights = await openWeights(this.#options.path);
    return await run(weights);
  }
}
