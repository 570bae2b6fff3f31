import { type Category, type Sample, type Skipped, skippedBy } from "@inctrl/datasets";
import type { Detector, ViewScore } from "../detector.js";
import type { EncodedBatch } from "../encoder/features.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import { tokenValues } from "../encoder/recipe.js";
import { DetectError, notFinite } from "../errors.js";
import type { HashOf } from "../images/sample-hash.js";
import { type MeasuredWindow, Strays, throughOneWindow, type WindowRequest } from "../images/window.js";
import { joinViews } from "../score-images.js";
import { DrawMatches } from "./draw-matches.js";
import type { DrawStore } from "./draw-store.js";
import { categoryFingerprint, pinnedCategory } from "./fingerprint.js";
import { calibrationPool, splitScores } from "./line.js";
import { hasMasks, measurePixels, measureScores, oneClass, type SeenMap, ViewMasks } from "./measure.js";
import { type PartResult, PendingDraw } from "./pending-draw.js";
import { PromptPools, variantsKey } from "./prompt-pool.js";
import { scoreBatches } from "./score-batches.js";
import { type CategoryResult, type Draw, NO_METRICS, type ScoredDraw } from "./types.js";

/** What all categories of a run share. */
export interface Job {
  /** The detectors, which share an encoder, each with the store of its draws. */
  readonly scorings: readonly { readonly detector: Detector; readonly store: DrawStore }[];
  readonly shots: readonly number[];
  readonly seeds: readonly (number | null)[];
  /** Bytes of features held on the device at a time. */
  readonly featureBytes: number;
  /** Which values become black and white. Default `auto`, measured on the category's normal training images. */
  readonly window?: WindowRequest;
  readonly onWindow?: (category: string, measured: MeasuredWindow) => void;
  /** Told of what is probably not meant. */
  readonly onNote?: (text: string) => void;
  /** Good training images that set a line, at most. Default 0. */
  readonly calibration?: number;
  readonly signal?: AbortSignal;
  /** Told what was found in the images of a draw. */
  readonly onScored?: (scored: ScoredDraw) => void | Promise<void>;
  /** The sha256 of a file, which is read once a run. */
  readonly hashOf: HashOf;
  /** Told how many images are done since it was last called; parts of an image count. */
  readonly onImages: (count: number) => void;
  readonly onSkipped: (skipped: Skipped & { readonly category: string }) => void;
}

/** Share of an image's progress that encoding it counts for; scoring it in all draws is the rest. */
const ENCODING = 0.6;

/** Views of a tiled image that memory is reserved for; images of data sets have fewer. */
const TILES = 4;

/** Measures every draw of a category with each detector; of a stopped run the draws that were finished. */
export async function evaluateCategory(category: Category, job: Job): Promise<CategoryResult[]> {
  const { name, className, test } = category;
  const labels = test.map(({ label }) => label);
  let problem = oneClass(labels);
  const measured = problem
    ? null
    : await throughOneWindow(category, job.window).catch((error) => {
        if (!(error instanceof DetectError)) throw error;
        problem = error.message;
        return null;
      });
  if (measured) job.onWindow?.(name, measured);
  const drawn = measured
    ? await new CategoryRun(measured.category, job).run()
    : job.scorings.map((): Draw[] => []);
  const ids = test.map(({ id }) => id);
  return drawn.map((draws) => {
    const skipped = new Map(draws.flatMap((draw) => draw.skipped.map((each) => [each.id, each])));
    const shown = measured && { window: measured.window };
    return { name, className, ids, labels, ...shown, draws, skipped: [...skipped.values()], problem };
  });
}

class CategoryRun {
  #category: Category;
  /** What is scored: the test images, then good ones for the line. */
  #images: readonly Sample[] = [];
  readonly #job: Job;
  readonly #masks: ViewMasks | null;
  /** Finished draws of each detector. */
  readonly #draws: Draw[][];
  readonly #strays = new Strays();
  #data = "";

  constructor(category: Category, job: Job) {
    this.#category = category;
    this.#job = job;
    this.#draws = job.scorings.map(() => []);
    const { size } = this.#encoder.preprocess;
    this.#masks = hasMasks(category) ? new ViewMasks(category.test, size, this.#skip) : null;
  }

  /** Encodes the images for all detectors. */
  get #encoder() {
    return this.#job.scorings[0].detector.encoder.root;
  }

  async run(): Promise<Draw[][]> {
    const { signal, hashOf } = this.#job;
    this.#data = await categoryFingerprint(this.#category, hashOf);
    this.#category = await pinnedCategory(this.#category, hashOf);
    this.#images = [...this.#category.test, ...calibrationPool(this.#category, this.#job)];
    const options = { onSkipped: this.#skip, signal };
    using pools = new PromptPools(this.#category, this.#encoder, options);
    const pending = await this.#prepare(pools);
    if (pending.length > 0 && !signal?.aborted) await this.#scoreAll(pending);
    for (const note of [this.#strays.warning, this.#masks?.warning])
      if (note) this.#job.onNote?.(`${this.#category.name}: ${note}`);
    const order = ({ shots, seed }: Draw) => shots * 2 ** 32 + (seed ?? 0);
    return this.#draws.map((draws) => draws.sort((a, b) => order(a) - order(b)));
  }

  /** Takes over finished draws, and chooses and encodes the prompts of the others. */
  async #prepare(pools: PromptPools): Promise<PendingDraw[]> {
    const { scorings, shots, seeds, signal } = this.#job;
    const { name } = this.#category;
    const pending: PendingDraw[] = [];
    for (const k of shots) {
      for (const seed of seeds) {
        const key = { category: name, shots: k, seed };
        for (const [i, { detector, store }] of scorings.entries()) {
          const stored = store.draw(key, this.#data);
          if (stored) {
            const { data: _, ...draw } = stored;
            this.#draws[i].push(draw);
            continue;
          }
          const chosen = await pools.of(detector).choose(k, seed);
          if (signal?.aborted) return [];
          const draw = new PendingDraw(i, key, chosen);
          const found = chosen.prompts.length;
          if (found < k) {
            const images = `${found} normal training image${found === 1 ? "" : "s"}`;
            this.#draws[i].push(draw.toDraw(NO_METRICS, `${images} for ${k} prompts`, { scores: [] }));
            continue;
          }
          draw.resume(store.parts(key, this.#data));
          pending.push(draw);
        }
      }
    }
    return pending;
  }

  #skip = ({ id }: Sample, error: Error): Skipped => {
    const skipped = skippedBy(id, error);
    this.#job.onSkipped({ ...skipped, category: this.#category.name });
    return skipped;
  };

  /**
   * Goes through the test images part by part; each image is encoded once and scored in all draws. A part is as many images as
   * fit the memory: most data sets are one part, and their draws finish one after another.
   */
  async #scoreAll(pending: readonly PendingDraw[]): Promise<void> {
    const { fit, recipe } = this.#encoder;
    const view = 4 * (recipe.embedDim + tokenValues(recipe));
    const part = Math.max(1, Math.floor(this.#job.featureBytes / view / (fit === "tile" ? TILES : 1)));
    const { length } = this.#images;
    for (let from = 0; from < length; from += part) {
      const to = Math.min(length, from + part);
      const waiting = pending.filter(({ done }) => done <= from);
      if (waiting.length === 0) this.#job.onImages(to - from);
      else if (!(await this.#scorePart(from, to, waiting))) return;
    }
  }

  /** Scores a part in all draws. @returns false when it was stopped. */
  async #scorePart(from: number, to: number, pending: readonly PendingDraw[]): Promise<boolean> {
    const { scorings, featureBytes, signal, onImages, onScored } = this.#job;
    const places = this.#masks !== null || onScored !== undefined;
    const count = to - from;
    const held: EncodedBatch[] = [];
    const unreadable: Skipped[] = [];
    /** Of detectors that compare the same taps with the same prompts. */
    const searches = new Map<string, DrawMatches>();
    const started = performance.now();
    try {
      const samples = this.#images.slice(from, to);
      for await (const batch of this.#encoder.encode(samples, { signal, places })) {
        held.push(batch);
        for (const { image, error, ...shown } of batch.ended) {
          if (error) unreadable.push(this.#skip(samples[image], error));
          this.#strays.add(samples[image].id, shown);
        }
        onImages(ENCODING * batch.ended.length);
      }
      const encoding = (performance.now() - started) / 1000;
      const keyOf = ({ detector }: PendingDraw) => searchKey(scorings[detector].detector);
      const keys = new Set(pending.map(keyOf));
      for (const draw of pending) {
        if (signal?.aborted) return false;
        const before = performance.now();
        const { encoder } = scorings[draw.detector].detector;
        const batches = held.map((batch) => ({ ...batch, ...encoder.pick(batch) }));
        const matches = searches.get(keyOf(draw)) ?? new DrawMatches(batches, featureBytes / keys.size);
        searches.set(keyOf(draw), matches);
        const { scores, maps, skipped } = await this.#score(draw, matches, batches, from, count);
        const seconds = encoding + (performance.now() - before) / 1000;
        const result = { scores, maps, skipped: [...unreadable, ...skipped], seconds };
        draw.add(result);
        if (draw.done === this.#images.length) await this.#finish(draw);
        else await scorings[draw.detector].store.addPart(draw.toStored(this.#data, from, result));
        onImages(((1 - ENCODING) * count) / pending.length);
      }
      return true;
    } finally {
      for (const matches of searches.values()) matches[Symbol.dispose]();
      for (const batch of held) batch.dispose();
    }
  }

  /** Scores encoded images with a detector fitted with a draw's prompts. */
  async #score(
    draw: PendingDraw,
    matches: DrawMatches,
    held: readonly EncodedBatch[],
    from: number,
    count: number,
  ): Promise<Omit<PartResult, "seconds">> {
    const { detector } = this.#job.scorings[draw.detector];
    const scores = new Array<number | null>(count).fill(null);
    const maps: SeenMap[] = [];
    const skipped: Skipped[] = [];
    const prompts = draw.prompts.map((prompt) => detector.encoder.pickPrompt(prompt));
    const found = await this.#scoreHeld({ draw, prompts }, matches, held, from).finally(() => {
      for (const prompt of prompts) prompt.dispose();
    });
    for (const [i, { views }] of held.entries()) {
      for (const [v, { image }] of views.entries()) {
        const { score, map, box } = found[i][v];
        // An image is as anomalous as its most anomalous view. Nine digits tell every float32 from the next.
        scores[image] = Math.max(scores[image] ?? Number.NEGATIVE_INFINITY, Number(score.toPrecision(9)));
        if (this.#masks && from + image < this.#category.test.length)
          maps.push({ image: from + image, box, map });
      }
    }
    for (const [i, score] of scores.entries()) {
      if (score === null || Number.isFinite(score)) continue;
      scores[i] = null;
      const sample = this.#images[from + i];
      skipped.push(this.#skip(sample, notFinite(sample.id)));
    }
    return { scores, maps, skipped };
  }

  async #scoreHeld(
    { draw, prompts }: { readonly draw: PendingDraw; readonly prompts: readonly EncodedPrompt[] },
    matches: DrawMatches,
    held: readonly EncodedBatch[],
    from: number,
  ): Promise<ViewScore[][]> {
    const { scorings, onScored } = this.#job;
    const { className, test } = this.#category;
    using fitted = await scorings[draw.detector].detector.fit(prompts, { className });
    const found = await scoreBatches(fitted, held, () => matches.of(prompts, onScored !== undefined));
    const begun = new Map<number, ViewScore[]>();
    const results = onScored && held.flatMap((batch, i) => joinViews(batch, found[i], begun, fitted));
    // Behind the test images come good ones for the line.
    if (results && from < test.length)
      await onScored({
        ...{ ...draw.key, detector: draw.detector, fitted },
        results: results.slice(0, test.length - from),
      });
    return found;
  }

  async #finish(draw: PendingDraw): Promise<void> {
    const labels = this.#category.test.map(({ label }) => label);
    const { metrics, problem } = measureScores(labels, draw.scores.slice(0, labels.length));
    const pixels = this.#masks && !problem ? await measurePixels(draw.maps, this.#masks) : null;
    const own = splitScores(draw, this.#images, labels.length, this.#job.calibration);
    const finished = draw.toDraw({ ...metrics, ...pixels }, problem, own);
    this.#draws[draw.detector].push(finished);
    await this.#job.scorings[draw.detector].store.addDraw({ ...finished, data: this.#data });
  }
}

/** Equal for detectors that search for the same. */
const searchKey = (detector: Detector): string => `${variantsKey(detector)} ${detector.encoder.taps}`;
