import type { FeatureStore } from "@inctrl/detect";
import { auroc } from "@inctrl/detect";
import {
  type Device,
  keep,
  nn,
  optim,
  type StoredTensor,
  scope,
  stack,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { InctrlError } from "../errors.js";
import {
  type HeadsForm,
  type HeadsModule,
  type HeadValues,
  makeHeads,
  storedParameters,
} from "../head-modules.js";
import { type HoldOut, type TrainingData, textKey } from "./data.js";
import type { LossForm } from "./focal.js";
import { batchLosses, type FrozenBatch, scoreBatch, uploadBatch } from "./forward.js";
import type { PairResiduals } from "./pairs.js";
import { type Query, Sampler } from "./sampler.js";

export type OptimizerName = "adamw" | "adam" | "sgd";

/** How the heads are trained; the paper's values are the defaults. */
export interface TrainOptions {
  /** K. Default 4. */
  readonly shots: number;
  /** Images a step, half of them anomalous. Default 48. */
  readonly batch: number;
  /** Default paper. */
  readonly headsForm: HeadsForm;
  /** Default 1e-3. */
  readonly lr: number;
  /** Default 0.01. */
  readonly weightDecay: number;
  /** Default adamw. */
  readonly optimizer: OptimizerName;
  /** Default probability. */
  readonly loss: LossForm;
  /** Of first values, batches and prompts. Default 0. */
  readonly seed: number;
  /** Lets an image be its own prompt, as the released code does. Default false. */
  readonly includeQuery: boolean;
  /** Whether each image comes up as often as others, or each category. Default images. */
  readonly balance: "images" | "categories";
  /** Weight of s_p in the final score. Default 1. */
  readonly alpha: number;
}

export const TRAIN_DEFAULTS: TrainOptions = {
  shots: 4,
  batch: 48,
  headsForm: "paper",
  balance: "images",
  lr: 1e-3,
  weightDecay: 0.01,
  optimizer: "adamw",
  loss: "probability",
  seed: 0,
  includeQuery: false,
  alpha: 1,
};

/** What a step did. */
export interface StepReport {
  /** Counted from 1. */
  readonly step: number;
  readonly loss: number;
  /** L_h, of the final score. */
  readonly final: number;
  /** L_IRL, of s_i. */
  readonly image: number;
}

/** A loss that is no number any more. */
export class DivergedError extends InctrlError {
  readonly step: number;
  /** Names of the batch's images and of their prompts. */
  readonly files: readonly string[];

  constructor(step: number, loss: number, files: readonly string[]) {
    const some = files.slice(0, 3).join(", ") + (files.length > 3 ? ` and ${files.length - 3} more` : "");
    super(
      "diverged",
      `step ${step}: the loss is ${loss} (images: ${some}); lower the learning rate, or check these images`,
    );
    this.step = step;
    this.files = files;
  }
}

/** Queries that are scored together in validation. */
const VALIDATION_BATCH = 64;

/**
 * Trains InCTRL's heads on stored features. All it needs to go on is in `state`: parameters, the optimizer's averages and the
 * number of steps, of which the batches are a function.
 *
 * @example
 * const trainer = new Trainer(data, pairs, { ...TRAIN_DEFAULTS, shots: 2 });
 * while (trainer.steps < 1000) console.log((await trainer.step()).loss);
 */
export class Trainer {
  readonly options: TrainOptions;
  readonly heads: HeadsModule;
  readonly #device: Device;
  readonly #data: TrainingData;
  readonly #store: FeatureStore;
  readonly #pairs: PairResiduals;
  readonly #sampler: Sampler;
  readonly #optimizer: optim.Optimizer;

  /** @throws InctrlError `training` or `shots` where the data does not allow such batches. */
  constructor(data: TrainingData, pairs: PairResiduals, options: TrainOptions) {
    this.options = options;
    this.#data = data;
    this.#pairs = pairs;
    this.#store = pairs.store;
    this.#device = pairs.store.backbone.device;
    this.#sampler = new Sampler(data.items, data.categories, options);
    const { patches, embedDim } = pairs.store.recipe;
    const { headsForm, seed } = options;
    this.heads = makeHeads(headsForm, { embedDim, patches: patches[1], seed }).to(this.#device);
    this.#optimizer = makeOptimizer(this.heads.parameters(), options);
  }

  /** Steps taken. */
  get steps(): number {
    return this.#optimizer.steps;
  }

  /** One step of the optimizer. @throws DivergedError where the loss is not finite; parameters are then as before. */
  async step(): Promise<StepReport> {
    const { loss: form, alpha } = this.options;
    const queries = this.#sampler.batch(this.steps);
    const host = await this.#frozen(queries);
    this.heads.train();
    const { gradients, losses } = scope(() => {
      const inputs = uploadBatch(this.#device, queries.length, host);
      const labels = tensor(
        this.#device,
        Float32Array.from(queries, ({ label }) => label),
      );
      const { gradients: made, rest } = nn.gradientsOf(this.heads.parameters(), () => {
        const { loss, final, image } = batchLosses(scoreBatch(this.heads, inputs, alpha), labels, { form });
        return [
          loss,
          stack(
            [loss, final, image].map((value) => value.view([1])),
            0,
          ),
        ] as const;
      });
      return { gradients: made, losses: rest };
    });
    const [loss, final, image] = await losses.data();
    losses.dispose();
    if (!Number.isFinite(loss)) {
      for (const gradient of gradients) gradient.dispose();
      throw new DivergedError(this.steps + 1, loss, this.#namesOf(queries));
    }
    scope(() => this.#optimizer.step(gradients));
    return { step: this.steps, loss, final, image };
  }

  /** AUROC of the final score and of s_p alone over a category held out; null where it has images of one kind only. */
  async validate({ queries }: HoldOut): Promise<{ auroc: number | null; residual: number | null }> {
    const { scores, residuals } = await this.score(queries);
    const labels = queries.map(({ label }) => label);
    return { auroc: auroc(labels, scores), residual: auroc(labels, residuals) };
  }

  /** The final score and s_p of each query, with the heads as they are now. */
  async score(queries: readonly Query[]): Promise<{ scores: number[]; residuals: number[] }> {
    const { alpha } = this.options;
    const scores: number[] = [];
    const residuals: number[] = [];
    this.heads.train(false);
    for (let at = 0; at < queries.length; at += VALIDATION_BATCH) {
      const some = queries.slice(at, at + VALIDATION_BATCH);
      const host = await this.#frozen(some);
      const score = scope(
        () => scoreBatch(this.heads, uploadBatch(this.#device, some.length, host), alpha).score,
      );
      scores.push(...(await score.data()));
      score.dispose();
      const patches = host.map.length / some.length;
      some.forEach((_, i) => {
        residuals.push(Math.max(...host.map.subarray(i * patches, (i + 1) * patches)));
      });
    }
    return { scores, residuals };
  }

  /** The heads as `Heads.fromValues` takes them. */
  async headValues(): Promise<HeadValues> {
    const values = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [name, { value }] of storedParameters(this.heads)) {
      values.set(name, { shape: value.shape, data: await value.data() });
    }
    return values;
  }

  /**
   * All that a file must hold for training to go on exactly.
   *
   * @throws InctrlError `training` where a value is not finite: what is saved is good.
   */
  async state(): Promise<{ step: number; tensors: Map<string, StoredTensor> }> {
    const tensors = new Map<string, StoredTensor>();
    const put = async (name: string, value: Tensor) => {
      const data = await value.data();
      if (!data.every(Number.isFinite)) {
        throw new InctrlError(
          "diverged",
          `step ${this.steps}: ${name} is not finite any more; lower the learning rate`,
        );
      }
      tensors.set(name, { dtype: value.dtype === "int32" ? "I32" : "F32", shape: value.shape, data });
    };
    for (const [name, value] of this.heads.stateDict()) await put(`heads.${name}`, value);
    const { step, slots } = this.#optimizer.state();
    for (const { name, tensors: held } of slots) {
      for (const [i, value] of held.entries()) await put(`optimizer.${name}.${i}`, value);
    }
    return { step, tensors };
  }

  /**
   * Goes on from a state.
   *
   * @param read gives values by name as float32, of the shape asked for.
   */
  async restore(
    step: number,
    read: (name: string, shape: readonly number[]) => Promise<Float32Array>,
  ): Promise<void> {
    const load = async (name: string, { shape, dtype }: Tensor) =>
      keep(tensor(this.#device, await read(name, shape), shape, dtype));
    const heads = new Map<string, Tensor>();
    for (const [name, value] of this.heads.stateDict()) heads.set(name, await load(`heads.${name}`, value));
    const { slots } = this.#optimizer.state();
    const restored: typeof slots = [];
    for (const { name, tensors } of slots) {
      const loaded: Tensor[] = [];
      for (const [i, value] of tensors.entries()) loaded.push(await load(`optimizer.${name}.${i}`, value));
      restored.push({ name, tensors: loaded });
    }
    this.heads.loadStateDict(heads);
    this.#optimizer.restore({ step, slots: restored });
  }

  dispose(): void {
    this.heads.dispose();
    this.#optimizer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #frozen(queries: readonly Query[]): Promise<FrozenBatch> {
    const feature = (image: number) => this.#store.feature(image);
    const { text } = this.#data;
    return {
      map: await this.#pairs.maps(queries.map(({ image: query, prompts }) => ({ query, prompts }))),
      features: gatherRows(queries.map(({ image }) => feature(image))),
      prompts: gatherRows(queries.flatMap(({ prompts }) => prompts.map(feature))),
      text: text && Float32Array.from(queries, (query) => text.get(textKey(query)) as number),
    };
  }

  #namesOf(queries: readonly Query[]): string[] {
    const images = new Set(queries.flatMap(({ image, prompts }) => [image, ...prompts]));
    return [...images].map((image) => this.#data.names.get(image) as string);
  }
}

function makeOptimizer(
  parameters: readonly nn.Parameter[],
  { optimizer, lr, weightDecay }: TrainOptions,
): optim.Optimizer {
  const kinds = { adamw: optim.AdamW, adam: optim.Adam, sgd: optim.SGD };
  return new kinds[optimizer](parameters, { lr, weightDecay });
}

/** Rows one after another. */
function gatherRows(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0].length;
  const out = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) out.set(row, i * size);
  return out;
}
