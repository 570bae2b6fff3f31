import {
  buildClip,
  type Clip,
  type ModelConfig,
  normalizePixels,
  type TextTransformer,
  type Tokenizer,
} from "@inctrl/clip";
import { TrainingState } from "@inctrl/detect";
import { type Device, exp, minimum, nn, optim, scope, stack, type Tensor, tensor } from "@inctrl/tensor";
import type { CaptionedBatch } from "./data/batch.js";
import { batchTexts } from "./data/texts.js";
import { PretrainError } from "./errors.js";
import { initialParameters } from "./init.js";
import { LOSS_PARTS, type Losses, type LossWeights, pretrainLoss } from "./loss/loss.js";

export interface PretrainOptions {
  /** Steps of the whole schedule. */
  readonly steps: number;
  /** The learning rate between warm-up and cool-down. */
  readonly lr: number;
  /** Steps in which the rate rises linearly. */
  readonly warmUp: number;
  /** Last steps, in which the rate falls to 0 along half a cosine. A run may be given more steps until then. */
  readonly coolDown: number;
  /** Weight decay of matrices. Norms, biases, positions and the temperature have none. */
  readonly weightDecay: number;
  /** The largest joint norm of the gradients; longer ones are scaled down. */
  readonly clip: number;
  /** Seeds the initial parameters and the texts of each step. */
  readonly seed: number;
  readonly weights: LossWeights;
}

/** The losses of a step. */
export interface PretrainReport extends Losses<number> {
  readonly step: number;
  /** The factor of the cosines, which is the inverse temperature. */
  readonly scale: number;
}

const REPORTED = ["loss", ...LOSS_PARTS, "scale"] as const;

/** The largest scale, as in CLIP. */
const MAX_SCALE = 100;

/** Trains both towers of a CLIP on batches of captioned images. The same batches and options give the same bytes. */
export class Pretrainer {
  readonly clip: Clip;
  readonly options: PretrainOptions;
  /** All that training needs to continue exactly. */
  readonly state: TrainingState;
  readonly #schedule: optim.Schedule;
  readonly #tokenizer: Tokenizer;
  /** One for matrices, which decay, and one for all other parameters. */
  readonly #optimizers: readonly optim.AdamW[];

  private constructor(clip: Clip, tokenizer: Tokenizer, options: PretrainOptions) {
    this.clip = clip;
    this.options = options;
    this.#tokenizer = tokenizer;
    const parameters = [...clip.namedParameters()];
    const { steps, lr, warmUp, coolDown, weightDecay } = options;
    const down = optim.cosine(lr, coolDown);
    const rate = optim.warmup(warmUp, (step) => down(Math.max(0, step - (steps - coolDown))));
    this.#schedule = rate;
    this.#optimizers = [true, false].map((decays) => {
      const some = parameters.filter(([name, parameter]) => decays === isMatrix(name, parameter));
      return new optim.AdamW(
        some.map(([, parameter]) => parameter),
        { lr: rate, betas: [0.9, 0.98], eps: 1e-6, weightDecay: decays ? weightDecay : 0 },
      );
    });
    const [decaying, others] = this.#optimizers;
    this.state = new TrainingState({ model: clip }, { "optimizer.0": decaying, "optimizer.1": others });
  }

  /**
   * @param read initial values, such as a trained model's. Default: `initialParameters`.
   * @throws PretrainError `configuration` for a model without text, or whose vocabulary is not the tokenizer's.
   */
  static async create(
    device: Device,
    config: ModelConfig,
    tokenizer: Tokenizer,
    options: PretrainOptions,
    read: nn.ReadParameter = initialParameters(config, options.seed),
  ): Promise<Pretrainer> {
    if (config.text?.vocabSize !== tokenizer.vocabSize) {
      throw new PretrainError(
        "configuration",
        `the model has ${config.text?.vocabSize ?? "no"} tokens and the tokenizer ${tokenizer.vocabSize}; they must be equal`,
      );
    }
    const clip = await buildClip(device, config, read, { trainable: true });
    return new Pretrainer(clip, tokenizer, options);
  }

  /** Steps taken. */
  get steps(): number {
    return this.state.steps;
  }

  /** The learning rate of the next step. */
  get rate(): number {
    return this.#schedule(this.steps);
  }

  /** Trains on a batch. @throws PretrainError `diverged` where the loss is not finite; the parameters are then unchanged. */
  async step(batch: CaptionedBatch): Promise<PretrainReport> {
    const { config } = this.clip;
    const texts = batchTexts(
      batch,
      this.#tokenizer,
      config.text!.contextLength,
      drawing(this.options.seed, this.steps),
    );
    const wanted = this.#optimizers.flatMap(({ parameters }) => parameters);
    const { gradients, values } = scope(() => {
      const pixels = uploadPixels(this.clip.device, config, batch);
      const made = nn.gradientsOf(wanted, () => {
        const losses = pretrainLoss(this.clip, pixels, batch, texts, this.options.weights);
        const all = { ...losses, scale: exp((this.clip.text as TextTransformer).logit_scale.value) };
        const parts = REPORTED.map((name) => all[name].view([1]));
        return [losses.loss, stack(parts, 0)] as const;
      });
      return { gradients: made.gradients, values: made.rest };
    });
    const read = await values.data();
    values.dispose();
    const report = Object.fromEntries(REPORTED.map((name, i) => [name, read[i]]));
    const { loss } = report as Record<string, number>;
    if (!Number.isFinite(loss)) {
      for (const gradient of gradients) gradient.dispose();
      throw new PretrainError(
        "diverged",
        `step ${this.steps + 1}: the loss is ${loss}; lower the learning rate`,
      );
    }
    scope(() => this.#update(gradients));
    return { step: this.steps, ...(report as Omit<PretrainReport, "step">) };
  }

  #update(gradients: readonly Tensor[]): void {
    const clipped = optim.clipGradients(gradients, this.options.clip);
    let at = 0;
    for (const optimizer of this.#optimizers) {
      const { length } = optimizer.parameters;
      optimizer.step(clipped.slice(at, at + length));
      at += length;
    }
    const { logit_scale: scale } = this.clip.text as TextTransformer;
    scale.set(minimum(scale.value, Math.log(MAX_SCALE)));
  }

  dispose(): void {
    this.state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const isMatrix = (name: string, { shape }: nn.Parameter): boolean =>
  shape.length >= 2 && !/positional/.test(name);

/** The normalised images of a batch, [count, 3, size, size]. */
export function uploadPixels(
  device: Device,
  config: ModelConfig,
  { count, size, pixels }: CaptionedBatch,
): Tensor {
  const plane = 3 * size * size;
  const values = new Float32Array(count * plane);
  for (let i = 0; i < count; i++) {
    normalizePixels(pixels.subarray(i * plane, (i + 1) * plane), config.preprocess, values, i * plane);
  }
  return tensor(device, values, [count, 3, size, size]);
}

/** The learned factor of the cosines. A short training ends far below CLIP's 100. */
export async function logitScale({ text }: Clip): Promise<number> {
  return Math.exp(await (text as TextTransformer).logit_scale.value.item());
}

/** Numbers in [0, 1) that depend on the seed and the step alone (mulberry32). */
function drawing(seed: number, step: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
