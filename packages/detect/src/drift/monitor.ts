import { betaQuantile } from "../calibration/beta.js";
import { type CalibrationStatus, lineOf } from "../calibration/conformal.js";
import { spreadBelow } from "../calibration/verdict.js";
import { medianOf } from "../metrics/metrics.js";
import { addPart, type Chart, chartFor } from "./cusum.js";
import { commonFacts, type FactName, type ImageFacts } from "./facts.js";
import { distanceLimit, kolmogorovDistance } from "./kolmogorov.js";

/** The promise: over this many steady parts the chance of any alarm is at most 5%. */
export const DRIFT_PROMISE = { parts: 10_000, chance: 0.05 } as const;

/** How the 5% are shared: charts, tests, and calibrations whose share of hits lies outside its interval. */
const CHARTS = 0.02;
const TESTS = 0.02;
const OUTSIDE = 0.01;

/** The share of good parts whose score counts as a hit. */
const HITS = 0.1;
/** The charts are set for odds of hits that grow or shrink so many times. */
const ODDS = 3;
/** Hits that are rarer than this have no chart for their becoming rarer: that takes longer than anybody waits. */
const RARE = 0.02;
/** Parts that are looked at together. */
const WINDOW = 100;
/** Half of all parts so many spreads above the line are no worn lamp: another product, or none. */
const UNLIKE = 5;
/** Brightness and sharpness that both moved by so many standard deviations: neither a lamp nor a lens does that alone. */
const BOTH = 5;

/** What good parts were like when the line was set. */
export interface DriftBaseline {
  readonly status: CalibrationStatus;
  /** The share of good parts that may be flagged. */
  readonly alpha: number;
  /** Scores of calibration images. */
  readonly scores: readonly number[];
  /** Their facts; null where the calibration is of a version that did not keep them, or took them of what does not count. */
  readonly facts: readonly ImageFacts[] | null;
}

/** What may have drifted. */
export const DRIFT_CAUSES = ["light", "camera", "product"] as const;
export type DriftCause = (typeof DRIFT_CAUSES)[number];

/** A quantity of which the last parts are compared with the calibration images. */
export interface DriftTest {
  readonly name: "score" | FactName;
  /** Medians of the calibration images and of the last parts. */
  readonly before: number;
  readonly now: number;
  /** Between the two distributions, from 0 to 1 (Kolmogorov and Smirnov). */
  readonly distance: number;
  /** By how many standard deviations of the calibration images the median moved. */
  readonly shift: number;
  /** Whether the distance is so large that the promise allows an alarm. */
  readonly moved: boolean;
}

/** What is known after some parts. */
export interface DriftState {
  /** Null while all is steady. */
  readonly cause: DriftCause | null;
  readonly parts: number;
  /** Of the last parts, the share with a score above the calibration's 90th percentile; null before there are parts. */
  readonly hits: number | null;
  /** Sums of the charts as shares of their limits: 1 and more alarm. */
  readonly rising: number;
  readonly falling: number;
  /** The last look at the window; none before it was full. */
  readonly tests: readonly DriftTest[];
}

/**
 * Watches whether the parts of a line are still like the calibration images. Two charts follow the share of scores above the 90th
 * percentile part by part; every half window, exact two-sample tests compare scores and facts. It changes nothing by itself.
 *
 * Where parts are exchangeable with the calibration images, the chance of any alarm within 10,000 parts is at most 5%, over the choice
 * of the calibration images as well: the charts stand on the worse end of a 99% interval of the share.
 *
 * @example
 * const monitor = new DriftMonitor(baseline);
 * monitor.add(score, facts);
 * console.log(driftText(monitor.state));
 */
export class DriftMonitor {
  readonly window: number;
  readonly #baseline: DriftBaseline;
  /** A score above it is a hit: the 90th percentile, or the largest of few. */
  readonly #cut: number;
  /** From here on a score is unlike any good part. */
  readonly #unlike: number;
  readonly #charts: { readonly rising: Chart; readonly falling: Chart | null };
  #rising = 0;
  #falling = 0;
  readonly #scores: number[] = [];
  readonly #facts: (ImageFacts | undefined)[] = [];
  /** The facts that are compared: those that all calibration images have. */
  readonly #names: readonly FactName[];
  /** Distances from here on alarm. */
  readonly #limit: number;
  #tests: readonly DriftTest[] = [];
  #parts = 0;

  /** @param options.window parts that are compared with the calibration images. @throws RangeError below 2. */
  constructor(baseline: DriftBaseline, { window = WINDOW }: { window?: number } = {}) {
    if (!(Number.isSafeInteger(window) && window >= 2))
      throw new RangeError(`DriftMonitor: a window of ${window} parts tells nothing; take 2 or more`);
    this.window = window;
    this.#baseline = baseline;
    const { scores, alpha } = baseline;
    const { threshold: cut, n, rank } = lineOf(scores, HITS);
    this.#cut = cut;
    const { threshold } = lineOf(scores, alpha);
    this.#unlike = threshold + UNLIKE * spreadBelow(scores, threshold);
    // Over the choice of calibration images the share of hits has this distribution (Vovk 2012).
    const share = (tail: number) => betaQuantile(tail, rank, n + 1 - rank);
    const least = share(OUTSIDE / 2);
    const common = { parts: DRIFT_PROMISE.parts, chance: CHARTS / 2 };
    this.#charts = {
      rising: chartFor({ share: share(1 - OUTSIDE / 2), odds: ODDS, ...common }),
      falling: least < RARE ? null : chartFor({ share: least, odds: 1 / ODDS, ...common }),
    };
    const looks = Math.ceil(DRIFT_PROMISE.parts / this.#stride);
    // Bonferroni over all looks and all quantities, which holds however they depend on each other.
    this.#names = baseline.facts ? commonFacts(baseline.facts) : [];
    this.#limit = distanceLimit(n, window, TESTS / (looks * (1 + this.#names.length)));
  }

  /** Takes a part. A score that is not finite counts as no part. */
  add(score: number, facts?: ImageFacts): void {
    if (!Number.isFinite(score)) return;
    this.#parts++;
    const hit = score > this.#cut;
    const { rising, falling } = this.#charts;
    this.#rising = addPart(rising, this.#rising, hit);
    if (falling) this.#falling = addPart(falling, this.#falling, hit);
    this.#scores.push(score);
    this.#facts.push(facts);
    if (this.#scores.length > this.window) {
      this.#scores.shift();
      this.#facts.shift();
    }
    if (this.#parts >= this.window && (this.#parts - this.window) % this.#stride === 0) this.#look();
  }

  get state(): DriftState {
    const hits = this.#scores.filter((score) => score > this.#cut).length;
    const state = {
      parts: this.#parts,
      hits: this.#scores.length === 0 ? null : hits / this.#scores.length,
      ...this.#charted,
      tests: this.#tests,
    };
    return { cause: this.#causeOf(state), ...state };
  }

  /** Whether there is an alarm now. */
  get alarmed(): boolean {
    const { rising, falling } = this.#charted;
    return rising >= 1 || falling >= 1 || this.#tests.some(({ moved }) => moved);
  }

  get #charted(): { rising: number; falling: number } {
    const { rising, falling } = this.#charts;
    return { rising: this.#rising / rising.limit, falling: falling ? this.#falling / falling.limit : 0 };
  }

  get #stride(): number {
    return Math.ceil(this.window / 2);
  }

  #look(): void {
    const { facts, scores } = this.#baseline;
    // A ledger may hold parts of an earlier version, whose facts are of whole views.
    const seen = this.#facts.filter((each) => each && each.regional === facts?.[0].regional) as ImageFacts[];
    const limit = this.#limit;
    this.#tests = [
      testOf("score", scores, this.#scores, limit),
      ...(facts && seen.length === this.window
        ? this.#names.flatMap((name) => {
            const of = (list: readonly ImageFacts[]) => list.flatMap((each) => each[name] ?? []);
            const now = of(seen);
            return now.length === seen.length ? [testOf(name, of(facts), now, limit)] : [];
          })
        : []),
    ];
  }

  /** Which cause explains what moved best. */
  #causeOf({ rising, falling, tests }: Omit<DriftState, "cause">): DriftCause | null {
    const moved = new Map(tests.filter((test) => test.moved).map((test) => [test.name, test.shift]));
    const scored = rising >= 1 || falling >= 1 || moved.has("score");
    if (!scored && moved.size === 0) return null;
    const size = (name: DriftTest["name"]) => Math.abs(moved.get(name) ?? 0);
    // Another product moves all facts too.
    const other = Math.min(size("brightness"), size("sharpness")) >= BOTH;
    if (scored && (other || medianOf(this.#scores) > this.#unlike)) return "product";
    const light = Math.max(size("brightness"), size("contrast"));
    // Darker parts score differently all over, so that patches tell of the camera where the light stood still.
    if (light > 0 || moved.has("sharpness")) return light > size("sharpness") ? "light" : "camera";
    return moved.has("patches") ? "camera" : "product";
  }
}

function testOf(
  name: DriftTest["name"],
  before: readonly number[],
  now: readonly number[],
  limit: number,
): DriftTest {
  const distance = kolmogorovDistance(before, now);
  const [from, to] = [medianOf(before), medianOf(now)];
  return {
    name,
    before: from,
    now: to,
    distance,
    shift: (to - from) / (deviation(before) || 1),
    moved: distance >= limit,
  };
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
