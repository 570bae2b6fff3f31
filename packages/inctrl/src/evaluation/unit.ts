import type { Sample, Skipped } from "@inctrl/datasets";
import type { SeenMap } from "./measure.js";
import type { ChosenPrompts } from "./prompts.js";
import type { DrawKey, StoredPart } from "./store.js";
import type { Draw, Metrics } from "./types.js";

/** What a part of the test images adds to a draw. */
export interface PartResult {
  readonly scores: readonly (number | null)[];
  readonly maps: readonly SeenMap[];
  readonly skipped: readonly Skipped[];
  readonly seconds: number;
}

/** A draw at work: its prompts, and the scores so far. */
export class Unit {
  /** Which of the ways to score it is of. */
  readonly way: number;
  readonly category: string;
  readonly shots: number;
  readonly seed: number | null;
  readonly prompts: readonly Sample[];
  readonly maps: SeenMap[] = [];
  readonly #scores: (number | null)[] = [];
  readonly #skipped: Skipped[];
  #seconds = 0;

  constructor(way: number, { category, shots, seed }: DrawKey, { prompts, skipped }: ChosenPrompts) {
    this.way = way;
    this.category = category;
    this.shots = shots;
    this.seed = seed;
    this.prompts = prompts;
    this.#skipped = [...skipped];
  }

  /** Test images that have been looked at. */
  get done(): number {
    return this.#scores.length;
  }

  get scores(): readonly (number | null)[] {
    return this.#scores;
  }

  add({ scores, maps, skipped, seconds }: PartResult): void {
    // One by one: a call takes only so many arguments.
    for (const score of scores) this.#scores.push(score);
    for (const map of maps) this.maps.push(map);
    for (const each of skipped) this.#skipped.push(each);
    this.#seconds += seconds;
  }

  /** Takes up what an earlier run has stored. */
  resume(parts: readonly StoredPart[]): void {
    const names = JSON.stringify(this.#names);
    for (const part of parts) {
      if (part.from !== this.done || JSON.stringify(part.prompts) !== names) continue;
      this.add({ ...part, maps: part.maps.map(({ map, ...where }) => ({ ...where, map: unpack(map) })) });
    }
  }

  /** A part as it is stored. */
  toStored(data: string, from: number, { scores, maps, skipped, seconds }: PartResult): StoredPart {
    const { category, shots, seed } = this;
    const packed = maps.map(({ map, ...where }) => ({ ...where, map: pack(map) }));
    return {
      category,
      data,
      shots,
      seed,
      from,
      prompts: this.#names,
      scores,
      seconds,
      skipped,
      maps: packed,
    };
  }

  toDraw(metrics: Metrics, problem: string | null): Draw {
    const { category, shots, seed } = this;
    const measured = this.scores.filter((score) => score !== null).length;
    return {
      category,
      shots,
      seed,
      prompts: this.#names,
      metrics,
      scores: this.scores,
      seconds: measured > 0 ? this.#seconds / measured : 0,
      skipped: this.#skipped,
      problem,
    };
  }

  get #names(): string[] {
    return this.prompts.map(({ id }) => id);
  }
}

function pack(map: Float32Array): string {
  return Buffer.from(map.buffer, map.byteOffset, map.byteLength).toString("base64");
}

function unpack(text: string): Float32Array {
  // A copy: small buffers lie anywhere in a shared one, and float32 wants a multiple of four.
  return new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer);
}
