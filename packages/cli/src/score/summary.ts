import { count } from "@inctrl/datasets";
import type { ScoreRecord, Verdict } from "@inctrl/detect";
import { duration, fixed } from "../ui/amounts.js";

/** The numbers that a run reports at its end. */
export class Summary {
  readonly #started = performance.now();
  readonly #total: number;
  readonly #doubt: string | null;
  scored = 0;
  skipped = 0;
  /** Parts of each verdict, where there is a calibration. */
  readonly verdicts: Record<Verdict, number> = { OK: 0, REVIEW: 0, NG: 0, ERROR: 0 };
  #lowest: ScoreRecord | null = null;
  #highest: ScoreRecord | null = null;

  /** @param doubt why an OK is not to be relied on, in a few words. */
  constructor(total: number, doubt: string | null = null) {
    this.#total = total;
    this.#doubt = doubt;
  }

  get done(): number {
    return this.scored + this.skipped;
  }

  add(record: ScoreRecord): void {
    this.scored++;
    if (record.verdict) this.verdicts[record.verdict]++;
    if (!this.#lowest || record.score < this.#lowest.score) this.#lowest = record;
    if (!this.#highest || record.score > this.#highest.score) this.#highest = record;
  }

  /** The summary as lines of text. */
  lines(): string[] {
    const seconds = (performance.now() - this.#started) / 1000;
    const rate = this.scored > 1 ? ` (${(this.scored / seconds).toFixed(1)} a second)` : "";
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : "";
    const left = this.#total - this.done;
    const rest = left > 0 ? `, ${left} left` : "";
    const first = `${count(this.scored, "image")} scored in ${duration(seconds)}${rate}${skipped}${rest}`;
    const judged = Object.entries(this.verdicts).filter(([, parts]) => parts > 0);
    const verdicts = judged.map(([verdict, parts]) => `${parts} ${verdict}`).join(", ");
    const head = verdicts === "" ? [first] : [first, [verdicts, this.#doubt].filter(Boolean).join("; ")];
    if (!this.#lowest || !this.#highest || this.scored < 2) return head;
    return [
      ...head,
      `most anomalous  ${fixed(this.#highest.score)}  ${this.#highest.image}`,
      `most normal     ${fixed(this.#lowest.score)}  ${this.#lowest.image}`,
    ];
  }
}
