import { type Box, type Category, hasDefect, invertedText, marksMost, type Sample } from "@inctrl/datasets";
import type { ScoreMap } from "../detector.js";
import { upsampleMap } from "../heatmap/resample.js";
import { scoreMetrics } from "../metrics/metrics.js";
import { type PixelMap, pixelMetrics } from "../metrics/pixel.js";
import { type Metrics, NO_METRICS } from "./types.js";

/** The map of a view of a test sample. */
export interface SeenMap {
  readonly image: number;
  /** The part of the image that the view shows. */
  readonly box: Box;
  readonly map: ScoreMap;
}

/** The samples that have a score. */
export function scoredOnly(labels: readonly (0 | 1)[], scores: readonly (number | null)[]) {
  const scored = scores.flatMap((score, i) => (score === null ? [] : [{ score, label: labels[i] }]));
  return { labels: scored.map(({ label }) => label), scores: scored.map(({ score }) => score) };
}

/** Image-level metrics of scores; samples without a score are left out. */
export function measureScores(
  labels: readonly (0 | 1)[],
  scores: readonly (number | null)[],
): { metrics: Metrics; problem: string | null } {
  const { labels: truth, scores: values } = scoredOnly(labels, scores);
  const problem = labels.length > 0 && truth.length === 0 ? "no test image has a score" : oneClass(truth);
  if (problem) return { metrics: NO_METRICS, problem };
  const { auroc, averagePrecision, f1Max } = scoreMetrics(truth, values)!;
  const metrics = {
    ...NO_METRICS,
    auroc,
    auprc: averagePrecision,
    f1Max: f1Max.f1,
    threshold: f1Max.threshold,
  };
  return { metrics, problem: null };
}

/** Why there is nothing to tell apart; null where both labels occur. */
export function oneClass(labels: readonly (0 | 1)[]): string | null {
  if (labels.length === 0) return "no test images";
  if (!labels.includes(1)) return "only normal test images";
  return labels.includes(0) ? null : "only anomalous test images";
}

/** Pixels of all maps of a category together; above it, maps are measured at a lower resolution. A pixel takes about 30 bytes. */
const MAX_PIXELS = 2 ** 24;

/**
 * Masks of a category's test samples, cut to the views that the model saw and at its input size; smaller where that would be
 * too many pixels. Each mask is read once and held, a byte a pixel.
 */
export class ViewMasks {
  /** Side of the squares in pixels. */
  readonly side: number;
  readonly #samples: readonly Sample[];
  readonly #onSkipped: (sample: Sample, error: Error) => void;
  readonly #held = new Map<string, Uint8Array | "normal" | "unknown">();
  /** Masks by id, and whether they mark most of their image. */
  readonly #large = new Map<string, boolean>();

  constructor(
    samples: readonly Sample[],
    inputSize: number,
    onSkipped: (sample: Sample, error: Error) => void,
  ) {
    this.side = Math.min(inputSize, Math.max(1, Math.floor(Math.sqrt(MAX_PIXELS / samples.length))));
    this.#samples = samples;
    this.#onSkipped = onSkipped;
  }

  /** What to say where the masks that were read look inverted. */
  get warning(): string | undefined {
    return invertedText([...this.#large.values()]);
  }

  /** The mask of a view, not 0 where anomalous; `unknown` for an anomalous image without a mask. */
  async of({ image, box }: SeenMap): Promise<Uint8Array | "normal" | "unknown"> {
    const sample = this.#samples[image];
    if (sample.label === 0) return "normal";
    const key = [image, box.x, box.y].join();
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const made = await this.#read(sample, box).catch(({ message }: Error) => {
      this.#onSkipped(sample, new Error(`${sample.id}: left out of pixel metrics: ${message}`));
      return "unknown" as const;
    });
    this.#held.set(key, made);
    return made;
  }

  /** The mask at the centre of each pixel of the view. */
  async #read(sample: Sample, box: Box): Promise<Uint8Array | "unknown"> {
    const mask = await sample.mask?.();
    if (!mask) return "unknown";
    if (!hasDefect(mask)) throw new Error("its mask marks nothing");
    this.#large.set(sample.id, marksMost(mask));
    const { side } = this;
    const view = new Uint8Array(side * side);
    for (let row = 0; row < side; row++) {
      const y = Math.min(mask.height - 1, Math.floor(box.y + ((row + 0.5) / side) * box.height));
      for (let column = 0; column < side; column++) {
        const x = Math.min(mask.width - 1, Math.floor(box.x + ((column + 0.5) / side) * box.width));
        view[row * side + column] = mask.data[y * mask.width + x];
      }
    }
    return view;
  }
}

/**
 * Pixel metrics of maps, interpolated bilinearly between patch centres. They cover what the model saw: pixels that a centre
 * crop leaves out are in no number, and pixels where tiles overlap count once for each tile.
 */
export async function measurePixels(
  maps: readonly SeenMap[],
  masks: ViewMasks,
): Promise<Pick<Metrics, "pixelAuroc" | "aupro">> {
  const { side } = masks;
  const known: PixelMap[] = [];
  for (const seen of maps) {
    const mask = await masks.of(seen);
    const { values, rows, columns } = seen.map;
    if (mask === "unknown" || !values.every(Number.isFinite)) continue;
    const scores = upsampleMap(values, columns, rows, side, side);
    known.push({ width: side, height: side, scores, mask: mask === "normal" ? null : mask });
  }
  const { auroc: pixelAuroc, aupro } = pixelMetrics(known);
  return { pixelAuroc, aupro };
}

/** Whether a category's test images say where they are anomalous. */
export const hasMasks = ({ test }: Category): boolean => test.some(({ mask }) => mask !== undefined);
