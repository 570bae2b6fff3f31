import { permutation } from "@inctrl/datasets";
import { philox } from "@inctrl/tensor";
import { TrainingError } from "./errors.js";

/** A labelled image of a category, by its number in a store. */
export interface TrainingItem {
  readonly image: number;
  /** 0 normal, 1 anomalous. */
  readonly label: 0 | 1;
  readonly category: number;
}

/** An image to score, and the normal images of its category that it is compared with. */
export interface Query extends TrainingItem {
  readonly prompts: readonly number[];
}

export interface SamplerOptions {
  readonly batch: number;
  /** K. */
  readonly shots: number;
  readonly seed: number;
  /** Lets an image be its own prompt, as the released code does. Default false. */
  readonly includeQuery?: boolean;
  /** Whether each image comes up as often as others, or each category. Default images. */
  readonly balance?: "images" | "categories";
}

/** Streams of random numbers that do not overlap. */
const STREAM = { normals: 0, anomalies: 1, prompts: 2 } as const;
const STREAMS = 3;

/**
 * Batches for training (paper, section 4.1): half normal and half anomalous images, each from a permutation that is drawn
 * anew when it has been gone through (or so by category, and by image within each); each with K prompts drawn without replacement from the normal images of its category.
 * A batch is a function of its number and the seed alone, so the number is the whole of the sampler's state.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #cycles: readonly [Items, Items];
  /** Normal images of each category, without repetitions. */
  readonly #prompts: readonly (readonly number[])[];

  /** @throws TrainingError `training` where one label is missing, `shots` where a category has too few normal images. */
  constructor(items: readonly TrainingItem[], categories: readonly string[], options: SamplerOptions) {
    const { batch, shots, seed, includeQuery } = options;
    this.#options = options;
    const labelled = [0, 1].map((label) => items.filter((item) => item.label === label));
    if (batch < 2) throw new TrainingError("training", `batch ${batch}: give at least 2, one of each kind`);
    for (const [label, own] of labelled.entries()) {
      if (own.length > 0) continue;
      const kind = ["normal", "anomalous"][label];
      throw new TrainingError(
        "training",
        `there are no ${kind} images to train on; add a data set that has some`,
      );
    }
    this.#prompts = categories.map((_, c) => [
      ...new Set(labelled[0].filter((item) => item.category === c).map(({ image }) => image)),
    ]);
    this.#prompts.forEach((prompts, c) => {
      const needed = includeQuery ? shots : shots + 1;
      if (prompts.length >= needed || !items.some(({ category }) => category === c)) return;
      throw new TrainingError(
        "shots",
        `${categories[c]}: has ${prompts.length} normal images, and ${shots} prompts beside the image itself need ${needed}; ` +
          "take fewer prompts or leave the category out",
      );
    });
    const order = options.balance === "categories" ? byCategory : inTurn;
    this.#cycles = [order(labelled[0], seed, STREAM.normals), order(labelled[1], seed, STREAM.anomalies)];
  }

  /** Batch number `step`, from 0. */
  batch(step: number): Query[] {
    const { batch } = this.#options;
    const anomalies = Math.floor(batch / 2);
    const normals = batch - anomalies;
    const items = [
      ...Array.from({ length: normals }, (_, i) => this.#cycles[0].at(step * normals + i)),
      ...Array.from({ length: anomalies }, (_, i) => this.#cycles[1].at(step * anomalies + i)),
    ];
    return items.map((item, i) => ({ ...item, prompts: this.#draw(item, step * batch + i) }));
  }

  /** K prompts for the query of this number: the first K of a random order. */
  #draw({ image, category }: TrainingItem, number: number): number[] {
    const { shots, seed, includeQuery } = this.#options;
    const pool = this.#prompts[category].filter((prompt) => includeQuery || prompt !== image);
    for (let i = 0; i < shots; i++) {
      const j = i + Math.floor(random(seed, STREAM.prompts, number, i) * (pool.length - i));
      [pool[i], pool[j]] = [pool[j], pool[i]];
    }
    return pool.slice(0, shots);
  }
}

/** Items by position, without end. */
interface Items {
  at(position: number): TrainingItem;
}

const inTurn = (items: readonly TrainingItem[], seed: number, stream: number): Items =>
  new Cycle(items, seed, stream);

/** Each category once a round, in a new order each time, and within it each image. */
function byCategory(items: readonly TrainingItem[], seed: number, stream: number): Items {
  const categories = [...new Set(items.map(({ category }) => category))];
  const own = categories.map((c, i) => {
    const ofCategory = items.filter(({ category }) => category === c);
    return new Cycle(ofCategory, seed, stream + STREAMS * (i + 1));
  });
  const order = new Cycle([...own.keys()], seed, stream);
  return { at: (position) => own[order.at(position)].at(Math.floor(position / own.length)) };
}

/** Goes through items in a random order, again and again, in a new order each time. */
class Cycle<T> {
  readonly #items: readonly T[];
  readonly #seed: number;
  readonly #stream: number;
  #round = -1;
  #order: number[] = [];

  constructor(items: readonly T[], seed: number, stream: number) {
    this.#items = items;
    this.#seed = seed;
    this.#stream = stream;
  }

  at(position: number): T {
    const round = Math.floor(position / this.#items.length);
    if (round !== this.#round) {
      const seed = Math.floor(random(this.#seed, this.#stream, round, 0) * 2 ** 32);
      this.#order = permutation(this.#items.length, seed);
      this.#round = round;
    }
    return this.#items[this.#order[position % this.#items.length]];
  }
}

/** A number in [0, 1) by seed, stream and two indices. */
function random(seed: number, stream: number, i: number, j: number): number {
  const [word] = philox([i, j, stream, 0], [seed >>> 0, Math.floor(seed / 2 ** 32)]);
  return word / 2 ** 32;
}
