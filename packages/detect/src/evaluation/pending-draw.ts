import type { Skipped } from "@inctrl/datasets";
import { packFloats, unpackFloats } from "../base64.js";
import type { ScoreMap } from "../detector.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import type { DrawKey, StoredPart } from "./draw-store.js";
import type { SeenMap } from "./measure.js";
import type { ChosenPrompts } from "./prompt-pool.js";
import type { Draw, Metrics } from "./types.js";

/** What a part of the test images adds to a draw. */
export interface PartResult {
  readonly scores: readonly (number | null)[];
  readonly maps: readonly SeenMap[];
  readonly skipped: readonly Skipped[];
  readonly seconds: number;
}

/** A draw that is being measured: its prompts, and the scores so far. */
export class PendingDraw {
  /** Index of the detector that it is measured with. */
  readonly detector: number;
  readonly key: DrawKey;
  readonly prompts: readonly EncodedPrompt[];
  readonly maps: SeenMap[] = [];
  readonly #scores: (number | null)[] = [];
  readonly #skipped: Skipped[];
  #seconds = 0;

  constructor(detector: number, key: DrawKey, { prompts, skipped }: ChosenPrompts) {
    this.detector = detector;
    this.key = key;
    this.prompts = prompts;
    this.#skipped = [...skipped];
  }

  /** Number of test images that have been scored or skipped. */
  get done(): number {
    return this.#scores.length;
  }

  get scores(): readonly (number | null)[] {
    return this.#scores;
  }

  add({ scores, maps, skipped, seconds }: PartResult): void {
    // One by one, since a call takes a limited number of arguments.
    for (const score of scores) this.#scores.push(score);
    for (const map of maps) this.maps.push(map);
    for (const each of skipped) this.#skipped.push(each);
    this.#seconds += seconds;
  }

  /** Adds the parts that an earlier run has stored. */
  resume(parts: readonly StoredPart[]): void {
    const names = JSON.stringify(this.#names);
    for (const part of parts) {
      if (part.from !== this.done || JSON.stringify(part.prompts) !== names) continue;
      const maps = part.maps.map(({ owner, box, map, rows }) => ({
        image: owner,
        box,
        map: mapOf(unpackFloats(map), rows),
      }));
      this.add({ ...part, maps });
    }
  }

  /** A part in the form of the store. */
  toStored(data: string, from: number, result: PartResult): StoredPart {
    const maps = result.maps.map(({ image, box, map }) => ({
      owner: image,
      box,
      map: packFloats(map.values),
      ...(map.rows !== map.columns && { rows: map.rows }),
    }));
    return { ...this.key, ...result, data, from, prompts: this.#names, maps };
  }

  /** @param own its scores in a form that a draw keeps; those of the test images, and of good ones where a line is asked for. */
  toDraw(metrics: Metrics, problem: string | null, own: Pick<Draw, "scores" | "calibration">): Draw {
    const measured = this.scores.filter((score) => score !== null).length;
    return {
      ...{ ...this.key, prompts: this.#names, metrics, problem },
      ...own,
      seconds: measured > 0 ? this.#seconds / measured : 0,
      skipped: this.#skipped,
    };
  }

  get #names(): string[] {
    return this.prompts.map(({ name }) => name);
  }
}

/** A map of a part. Rows are not stored of square ones. */
const mapOf = (values: Float32Array, rows = Math.sqrt(values.length)): ScoreMap => ({
  ...{ rows, columns: values.length / rows, values },
});
