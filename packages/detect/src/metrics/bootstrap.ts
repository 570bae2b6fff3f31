import { bothClasses, meanOf } from "./metrics.js";

/** Scores of the same images by two methods, draw by draw. */
export interface PairedScores {
  /** 0 normal, 1 anomalous. */
  readonly labels: ArrayLike<number>;
  /** Of each draw the scores by either method. */
  readonly draws: readonly (readonly [ArrayLike<number>, ArrayLike<number>])[];
}

/** A difference and the interval that holds it with the confidence asked for. */
export interface Interval {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** Default 1000. */
  readonly resamples?: number;
  /** Default 0.95. */
  readonly confidence?: number;
  readonly seed?: number;
}

/**
 * How much larger the AUROC of the first method is than that of the second, as the mean over draws, then over the categories of a
 * data set and then over data sets, with the interval between percentiles of a paired bootstrap (Efron and Tibshirani 1993): each
 * resample takes normal and anomalous images of a category with replacement, the same ones for both methods and all draws.
 *
 * @param dataSets of each the categories.
 * @throws RangeError as `auroc`, and where a category lacks a class.
 * @example
 * pairedBootstrap([[{ labels, draws: [[ours, theirs]] }]]); // { difference: 0.031, low: 0.012, high: 0.049 }
 */
export function pairedBootstrap(
  dataSets: readonly (readonly PairedScores[])[],
  { resamples = 1000, confidence = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval {
  const sets = dataSets.map((categories) => categories.map((paired) => new ResampledPair(paired)));
  const all = () => meanOf(sets.map((pairs) => meanOf(pairs.map((pair) => pair.difference()))));
  const difference = all();
  const random = randomOf(seed);
  const found = Float64Array.from({ length: resamples }, () => {
    for (const pair of sets.flat()) pair.resample(random);
    return all();
  }).sort();
  const at = (share: number) => found[Math.min(resamples - 1, Math.floor(share * resamples))];
  return { difference, low: at((1 - confidence) / 2), high: at((1 + confidence) / 2) };
}

/** A category's images, each counted once until they are drawn anew. */
class ResampledPair {
  /** Images of either class. */
  readonly #classes: readonly (readonly number[])[];
  readonly #draws: readonly (readonly ResampledAuroc[])[];
  readonly #weights: Uint32Array;

  constructor({ labels, draws }: PairedScores) {
    const images = Array.from(labels, (_, i) => i);
    this.#classes = [0, 1].map((label) => images.filter((i) => labels[i] === label));
    this.#draws = draws.map((pair) => pair.map((scores) => new ResampledAuroc(labels, scores)));
    this.#weights = new Uint32Array(labels.length).fill(1);
  }

  /** Draws as many images of each class as there are, with replacement. */
  resample(random: () => number): void {
    this.#weights.fill(0);
    for (const members of this.#classes)
      for (const _ of members) this.#weights[members[Math.floor(random() * members.length)]]++;
  }

  difference(): number {
    return meanOf(this.#draws.map(([first, second]) => first.of(this.#weights) - second.of(this.#weights)));
  }
}

/** The AUROC of images of which each counts as often as its weight says. Scores are sorted once. */
class ResampledAuroc {
  readonly #labels: ArrayLike<number>;
  /** Images from the lowest score up, and where each run of equal scores ends. */
  readonly #order: Uint32Array;
  readonly #ends: readonly number[];

  constructor(labels: ArrayLike<number>, scores: ArrayLike<number>) {
    if (!bothClasses(labels, scores)) throw new RangeError("bootstrap: a category has one class only");
    this.#labels = labels;
    this.#order = Uint32Array.from(labels, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
    const order = this.#order;
    this.#ends = Array.from(order, (_, i) => i + 1).filter(
      (end) => end === order.length || scores[order[end]] !== scores[order[end - 1]],
    );
  }

  of(weights: Uint32Array): number {
    // Twice the pairs in the right order: equal scores count half.
    let [twice, normal, anomalous, at] = [0, 0, 0, 0];
    for (const end of this.#ends) {
      let [negatives, positives] = [0, 0];
      for (; at < end; at++) {
        const image = this.#order[at];
        if (this.#labels[image] === 1) positives += weights[image];
        else negatives += weights[image];
      }
      twice += positives * (2 * normal + negatives);
      normal += negatives;
      anomalous += positives;
    }
    return twice / 2 / (normal * anomalous);
  }
}

/** Numbers in [0, 1), the same for a seed everywhere (xorshift of 32 bits, Marsaglia 2003). */
function randomOf(seed: number): () => number {
  let state = (Math.imul(seed + 1, 0x9e3779b1) | 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
