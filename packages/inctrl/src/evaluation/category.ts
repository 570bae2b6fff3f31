import type { Fit } from "@inctrl/clip";
import type { Category, Sample, Skipped } from "@inctrl/datasets";
import type { Backbone, FeatureStore } from "@inctrl/detect";
import { patchesOf } from "@inctrl/detect";
import type { Tensor } from "@inctrl/tensor";
import { Comparisons } from "./comparisons.js";
import { promptFeatureOf, type Recipe, scoreFeatures } from "./components.js";
import { disposeFeatures, type EncodeOptions, encodeSamples, type Features } from "./features.js";
import { categoryFingerprint } from "./fingerprint.js";
import { hasMasks, measurePixels, measureScores, oneClass, type SeenMap, ViewMasks } from "./measure.js";
import { type ChosenPrompts, PromptPool } from "./prompts.js";
import type { DrawStore } from "./store.js";
import { storedSamples } from "./stored.js";
import { type CategoryResult, type Draw, NO_METRICS } from "./types.js";
import { type PartResult, Unit } from "./unit.js";

/** What all categories of a run share. */
export interface Job {
  readonly backbone: Backbone;
  /** The ways to score, each with what keeps its draws. */
  readonly ways: readonly { readonly recipe: Recipe; readonly store: DrawStore }[];
  readonly shots: readonly number[];
  readonly seeds: readonly (number | null)[];
  readonly fit: Fit;
  readonly batch: number;
  /** Bytes of features held on the device at a time. */
  readonly featureBytes: number;
  /** Features that are kept; without them every image is encoded anew. */
  readonly features?: FeatureStore;
  readonly signal?: AbortSignal;
  /** How many images, in parts of one, are done since it was last called. */
  readonly onImages: (count: number) => void;
  readonly onSkipped: (skipped: Skipped & { readonly category: string }) => void;
}

/** Of an image's time, what encoding counts for in the progress; the rest is for the comparison with all draws. */
const ENCODING = 0.6;

/** Measures every draw of a category by each way to score; of a stopped run those that were finished. */
export async function evaluateCategory(category: Category, job: Job): Promise<CategoryResult[]> {
  const { name, className, test } = category;
  const labels = test.map(({ label }) => label);
  const problem = oneClass(labels);
  const drawn = problem ? job.ways.map(() => []) : await new CategoryRun(category, job).run();
  const ids = test.map(({ id }) => id);
  return drawn.map((draws) => {
    const skipped = new Map(draws.flatMap((draw) => draw.skipped.map((each) => [each.id, each])));
    return { name, className, ids, labels, draws, skipped: [...skipped.values()], problem };
  });
}

class CategoryRun {
  readonly #category: Category;
  readonly #job: Job;
  readonly #masks: ViewMasks | null;
  /** Of each way. */
  readonly #draws: Draw[][];
  #data = "";

  constructor(category: Category, job: Job) {
    this.#category = category;
    this.#job = job;
    this.#draws = job.ways.map(() => []);
    const { size } = job.backbone.config.preprocess;
    this.#masks = hasMasks(category) ? new ViewMasks(category.test, size, this.#skip) : null;
  }

  async run(): Promise<Draw[][]> {
    const { backbone, ways, signal } = this.#job;
    this.#data = await categoryFingerprint(this.#category);
    using pool = new PromptPool(this.#category, backbone, {
      ...this.#job,
      boxes: false,
      onSkipped: this.#skip,
    });
    const units = await this.#prepare(pool);
    if (units.length > 0 && !signal?.aborted) {
      const asksText = ways.some(({ recipe }) => recipe.components.has("T"));
      const text = asksText ? await backbone.prototypes(this.#category.className) : null;
      await this.#scoreAll(units, pool, text);
    }
    const order = ({ shots, seed }: Draw) => shots * 2 ** 32 + (seed ?? 0);
    return this.#draws.map((draws) => draws.sort((a, b) => order(a) - order(b)));
  }

  /** Takes up finished draws, and chooses and encodes the prompts of the others. */
  async #prepare(pool: PromptPool): Promise<Unit[]> {
    const { ways, shots, seeds, signal } = this.#job;
    const { name } = this.#category;
    const units: Unit[] = [];
    for (const k of shots) {
      for (const seed of seeds) {
        const key = { category: name, shots: k, seed };
        let chosen: ChosenPrompts | undefined;
        for (const [way, { store }] of ways.entries()) {
          const stored = store.draw(key, this.#data);
          if (stored) {
            const { data: _, ...draw } = stored;
            this.#draws[way].push(draw);
            continue;
          }
          chosen ??= await pool.choose(k, seed);
          if (signal?.aborted) return [];
          const unit = new Unit(way, key, chosen);
          const found = chosen.prompts.length;
          if (found < k) {
            const images = `${found} normal training image${found === 1 ? "" : "s"}`;
            this.#draws[way].push(unit.toDraw(NO_METRICS, `${images} for ${k} prompts`));
            continue;
          }
          unit.resume(store.parts(key, this.#data));
          units.push(unit);
        }
      }
    }
    return units;
  }

  #skip = ({ id }: Sample, error: Error): Skipped => {
    const skipped = { id, reason: error.message };
    this.#job.onSkipped({ ...skipped, category: this.#category.name });
    return skipped;
  };

  /**
   * Goes through the test images part by part, each encoded once and compared with the prompts of all draws and ways. A part is
   * what fits the memory: most data sets are one, and their draws finish one after another.
   */
  async #scoreAll(units: readonly Unit[], pool: PromptPool, text: Tensor | null): Promise<void> {
    const { backbone, fit, featureBytes } = this.#job;
    const { embedDim, outBlocks, vision } = backbone.config;
    const view = 4 * (embedDim + outBlocks.length * patchesOf(backbone) * vision.width);
    // Tiled images have several views: four is a guess on the safe side for what data sets hold.
    const part = Math.max(1, Math.floor(featureBytes / view / (fit === "tile" ? 4 : 1)));
    const { length } = this.#category.test;
    for (let from = 0; from < length; from += part) {
      const to = Math.min(length, from + part);
      const waiting = units.filter(({ done }) => done <= from);
      if (waiting.length === 0) this.#job.onImages(to - from);
      else if (!(await this.#scorePart(from, to, waiting, pool, text))) return;
    }
  }

  /** False when it was stopped. */
  async #scorePart(
    from: number,
    to: number,
    units: readonly Unit[],
    pool: PromptPool,
    text: Tensor | null,
  ): Promise<boolean> {
    const { backbone, ways, featureBytes, signal, onImages } = this.#job;
    const count = to - from;
    const held: Features[] = [];
    const unreadable: Skipped[] = [];
    const onSkipped = (sample: Sample, error: Error) => void unreadable.push(this.#skip(sample, error));
    const started = performance.now();
    try {
      const samples = this.#category.test.slice(from, to);
      let seen = 0;
      const options: EncodeOptions = { ...this.#job, boxes: this.#masks !== null, onSkipped };
      const { features: kept } = this.#job;
      const encoded = kept
        ? storedSamples(kept, samples, options)
        : encodeSamples(backbone, samples, options);
      for await (const features of encoded) {
        held.push(features);
        const last = features.owners[features.owners.length - 1] + 1;
        onImages(ENCODING * (last - seen));
        seen = last;
      }
      const encoding = (performance.now() - started) / 1000;
      using comparisons = new Comparisons(held, (prompt) => pool.get(prompt), featureBytes);
      for (const unit of units) {
        if (signal?.aborted) return false;
        const before = performance.now();
        const { scores, maps, skipped } = await this.#score(unit, comparisons, held, from, count, pool, text);
        const seconds = encoding + (performance.now() - before) / 1000;
        const result = { scores, maps, skipped: [...unreadable, ...skipped], seconds };
        unit.add(result);
        if (unit.done === this.#category.test.length) await this.#finish(unit);
        else await ways[unit.way].store.addPart(unit.toStored(this.#data, from, result));
        onImages(((1 - ENCODING) * count) / units.length);
      }
      return true;
    } finally {
      held.forEach(disposeFeatures);
    }
  }

  /** Compares encoded images with the prompts of a draw. */
  async #score(
    unit: Unit,
    comparisons: Comparisons,
    held: readonly Features[],
    from: number,
    count: number,
    pool: PromptPool,
    text: Tensor | null,
  ): Promise<Omit<PartResult, "seconds">> {
    const { recipe } = this.#job.ways[unit.way];
    const scores = new Array<number | null>(count).fill(null);
    const maps: SeenMap[] = [];
    const skipped: Skipped[] = [];
    const prompts = unit.prompts.map((prompt) => pool.get(prompt));
    const feature = promptFeatureOf(prompts, recipe);
    try {
      const residuals = comparisons.maps(unit.prompts);
      const found = await Promise.all(
        held.map((each, i) => scoreFeatures(each, residuals[i], feature, text, recipe)),
      );
      for (const [i, { owners, boxes }] of held.entries()) {
        for (const [v, owner] of owners.entries()) {
          const { score, map } = found[i][v];
          // An image is as anomalous as its most anomalous view. Nine digits tell every float32 from the next.
          scores[owner] = Math.max(scores[owner] ?? Number.NEGATIVE_INFINITY, Number(score.toPrecision(9)));
          if (this.#masks) maps.push({ owner: from + owner, box: boxes[v], map });
        }
      }
    } finally {
      feature?.dispose();
    }
    for (const [i, score] of scores.entries()) {
      if (score === null || Number.isFinite(score)) continue;
      scores[i] = null;
      skipped.push(this.#skip(this.#category.test[from + i], new Error("the model gives no finite score")));
    }
    return { scores, maps, skipped };
  }

  async #finish(unit: Unit): Promise<void> {
    const labels = this.#category.test.map(({ label }) => label);
    const { metrics, problem } = measureScores(labels, unit.scores);
    const pixels = this.#masks && !problem ? await measurePixels(unit.maps, this.#masks) : null;
    const draw = unit.toDraw({ ...metrics, ...pixels }, problem);
    this.#draws[unit.way].push(draw);
    await this.#job.ways[unit.way].store.addDraw({ ...draw, data: this.#data });
  }
}
