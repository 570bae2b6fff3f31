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
import { COMPONENTS, type Component, componentsText } from "../components.js";
import {
  type HeadsForm,
  type HeadsModule,
  type HeadValues,
  makeHeads,
  storedParameters,
} from "../head-modules.js";
import type { LossForm } from "./focal.js";
import { batchLosses, type FrozenBatch, scoreBatch } from "./forward.js";
import { joinedPatches } from "./joined.js";
import type { PairResiduals } from "./pairs.js";

const OPTIMIZERS = { adamw: optim.AdamW, adam: optim.Adam, sgd: optim.SGD };

/** How the heads are trained. */
export interface TrainOptions extends Required<SamplerOptions> {
  readonly headsForm: HeadsForm;
  /** What the score is made of (paper, table 3). Default: all that the form and the data have. */
  readonly components?: readonly Component[];
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
  /** What the score is made of. */
  readonly components: ReadonlySet<Component>;
  readonly state: TrainingState;
  readonly #data: TrainingData;
  readonly #pairs: PairResiduals;
  readonly #sampler: Sampler;
  readonly #optimizer: optim.Optimizer;

  /** @throws TrainingError `training` or `shots` where the data does not allow such batches, or such components train nothing. */
  constructor(data: TrainingData, pairs: PairResiduals, options: TrainOptions) {
    this.options = options;
    this.#data = data;
    this.#pairs = pairs;
    this.#sampler = new Sampler(data.items, data.categories, options);
    const { layouts, embedDim } = pairs.store.recipe;
    const patches = patchesOf(sharedLayout(layouts));
    const widths = layouts.map(({ width }) => width);
    const { headsForm, seed, optimizer, lr, weightDecay } = options;
    this.heads = makeHeads(headsForm, { embedDim, patches, widths, seed });
    this.components = trainable(this.heads, options.components, data.text !== null);
    this.heads.to(this.#device);
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
        const scores = scoreBatch(this.#device, this.heads, frozen, this.components, alpha);
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
      const both = scope(() => {
        const { score, residual } = scoreBatch(this.#device, this.heads, frozen, this.components, alpha);
        return stack([score, residual]);
      });
      const values = await both.data().finally(() => both.dispose());
      scores.push(...values.subarray(0, some.length));
      residuals.push(...values.subarray(some.length));
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
    const read = [...storedParameters(this.heads)].map(
      async ([name, { value }]) => [name, { shape: value.shape, data: await value.data() }] as const,
    );
    return new Map(await Promise.all(read));
  }

  dispose(): void {
    this.state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #frozen(queries: readonly Query[]): Promise<FrozenBatch> {
    const { store } = this.#pairs;
    const feature = (image: number) => store.feature(image);
    const { text } = this.#data;
    const compared = queries.map(({ image: query, prompts }) => ({ query, prompts }));
    return {
      batch: queries.length,
      map: this.heads.joinsPatches ? await joinedPatches(store, compared) : await this.#pairs.maps(compared),
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

/**
 * The components of a score: those asked for, or all that there are.
 *
 * @throws TrainingError `training` where one is asked for that there is not, or nothing is to be trained.
 */
function trainable(
  heads: HeadsModule,
  asked: readonly Component[] | undefined,
  hasText: boolean,
): ReadonlySet<Component> {
  const known = { P: true, I: heads.hasImageLevel, T: hasText };
  const components = new Set(asked ?? COMPONENTS.filter((name) => known[name]));
  const fail = (why: string) =>
    new TrainingError("training", `components ${componentsText(components)}: ${why}`);
  if (components.has("I") && !known.I)
    throw fail(`heads of the ${heads.form} form have no image level; leave I out`);
  if (components.has("T") && !known.T)
    throw fail("there is no text; leave T out, or use a backbone with text");
  const fuses = components.has("P") && (components.size > 1 || heads.form !== "paper");
  if (fuses || components.has("I")) return components;
  throw fail(`heads of the ${heads.form} form have nothing to train here; score without heads, or add I`);
}

/** Rows one after another. */
function gatherRows(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0].length;
  const out = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) out.set(row, i * size);
  return out;
}
