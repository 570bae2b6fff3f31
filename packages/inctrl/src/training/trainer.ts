import {
  auroc,
  DivergedError,
  type HoldOut,
  patchesOf,
  type Query,
  Sampler,
  type SamplerOptions,
  sharedLayout,
  type TrainingData,
  TrainingError,
  TrainingState,
  textKey,
} from "@inctrl/detect";
import { type Device, nn, optim, scope, stack, tensor } from "@inctrl/tensor";
import {
  type HeadsForm,
  type HeadsModule,
  type HeadValues,
  makeHeads,
  storedParameters,
} from "../head-modules.js";
import type { LossForm } from "./focal.js";
import { batchLosses, type FrozenBatch, scoreBatch } from "./forward.js";
import type { PairResiduals } from "./pairs.js";

const OPTIMIZERS = { adamw: optim.AdamW, adam: optim.Adam, sgd: optim.SGD };

/** How the heads are trained. */
export interface TrainOptions extends Required<SamplerOptions> {
  readonly headsForm: HeadsForm;
  readonly lr: number;
  readonly weightDecay: number;
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly loss: LossForm;
  /** Weight of s_p in the final score. */
  readonly alpha: number;
}

/** The paper's values. */
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

export interface StepReport {
  /** Counted from 1. */
  readonly step: number;
  readonly loss: number;
  /** L_h, of the final score. */
  readonly final: number;
  /** L_IRL, of s_i. */
  readonly image: number;
}

/** Queries that are scored together in validation. */
const VALIDATION_BATCH = 64;

/**
 * Trains InCTRL's heads on stored features. Batches are a function of the number of steps, so `state` is all that a checkpoint
 * needs.
 *
 * @example
 * const trainer = new Trainer(data, pairs, { ...TRAIN_DEFAULTS, shots: 2 });
 * while (trainer.steps < 1000) console.log((await trainer.step()).loss);
 */
export class Trainer {
  readonly options: TrainOptions;
  readonly heads: HeadsModule;
  readonly state: TrainingState;
  readonly #data: TrainingData;
  readonly #pairs: PairResiduals;
  readonly #sampler: Sampler;
  readonly #optimizer: optim.Optimizer;

  /** @throws TrainingError `training` or `shots` where the data does not allow such batches. */
  constructor(data: TrainingData, pairs: PairResiduals, options: TrainOptions) {
    this.options = options;
    this.#data = data;
    this.#pairs = pairs;
    this.#sampler = new Sampler(data.items, data.categories, options);
    const { layouts, embedDim } = pairs.store.recipe;
    const patches = patchesOf(sharedLayout(layouts));
    const { headsForm, seed, optimizer, lr, weightDecay } = options;
    this.heads = makeHeads(headsForm, { embedDim, patches, seed }).to(this.#device);
    this.#optimizer = new OPTIMIZERS[optimizer](this.heads.parameters(), { lr, weightDecay });
    this.state = new TrainingState({ heads: this.heads }, { optimizer: this.#optimizer });
  }

  get #device(): Device {
    return this.#pairs.store.backbone.device;
  }

  get steps(): number {
    return this.state.steps;
  }

  /** One step of the optimizer. @throws DivergedError where the loss is not finite; parameters are then as before. */
  async step(): Promise<StepReport> {
    const { loss: form, alpha } = this.options;
    const queries = this.#sampler.batch(this.steps);
    const frozen = await this.#frozen(queries);
    const labels = Float32Array.from(queries, ({ label }) => label);
    this.heads.train();
    const { gradients, losses } = scope(() => {
      const made = nn.gradientsOf(this.heads.parameters(), () => {
        const scores = scoreBatch(this.#device, this.heads, frozen, alpha);
        const { loss, final, image } = batchLosses(scores, tensor(this.#device, labels), form);
        const parts = [loss, final, image].map((value) => value.view([1]));
        return [loss, stack(parts, 0)] as const;
      });
      return { gradients: made.gradients, losses: made.rest };
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

  /** The final score and s_p of each query, with the heads as they are now. @throws InctrlError `diverged` where one is not finite. */
  async score(queries: readonly Query[]): Promise<{ scores: number[]; residuals: number[] }> {
    const { alpha } = this.options;
    const scores: number[] = [];
    const residuals: number[] = [];
    this.heads.train(false);
    for (let at = 0; at < queries.length; at += VALIDATION_BATCH) {
      const some = queries.slice(at, at + VALIDATION_BATCH);
      const frozen = await this.#frozen(some);
      const score = scope(() => scoreBatch(this.#device, this.heads, frozen, alpha).score);
      scores.push(...(await score.data()));
      score.dispose();
      const patches = frozen.map.length / some.length;
      some.forEach((_, i) => {
        residuals.push(Math.max(...frozen.map.subarray(i * patches, (i + 1) * patches)));
      });
    }
    if (!scores.every(Number.isFinite))
      throw new TrainingError(
        "diverged",
        `step ${this.steps}: scores in validation are not finite; lower the learning rate`,
      );
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

  dispose(): void {
    this.state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #frozen(queries: readonly Query[]): Promise<FrozenBatch> {
    const feature = (image: number) => this.#pairs.store.feature(image);
    const { text } = this.#data;
    return {
      batch: queries.length,
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

/** Rows one after another. */
function gatherRows(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0].length;
  const out = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) out.set(row, i * size);
  return out;
}
