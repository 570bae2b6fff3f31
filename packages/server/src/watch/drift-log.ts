import {
  type DriftBaseline,
  DriftMonitor,
  type DriftState,
  driftText,
  type ImageFacts,
} from "@inctrl/detect";
import type { LedgerEntry } from "./ledger.js";

/** Follows drift over the parts of a ledger. */
export class DriftLog {
  readonly #monitor: DriftMonitor;
  readonly #bank: string;
  #cause: DriftState["cause"] = null;

  /** @param bank whose parts count. */
  constructor(baseline: DriftBaseline, bank: string, options?: { window?: number }) {
    this.#monitor = new DriftMonitor(baseline, options);
    this.#bank = bank;
  }

  get state(): DriftState {
    return this.#monitor.state;
  }

  /** Takes an entry of an earlier run. */
  replay(entry: LedgerEntry): void {
    if (entry.bank === this.#bank && entry.repeat_of === undefined)
      this.#see(entry.score, entry.facts as ImageFacts | undefined);
    if (entry.kind === "drift") this.#cause = entry.cause as DriftState["cause"];
  }

  /** Takes a part. @returns the state and a line for the ledger where the cause is another than before. */
  add(part: LedgerEntry, facts: ImageFacts | undefined): { state: DriftState; entry: LedgerEntry } | null {
    this.#see(part.score, facts);
    const { state } = this;
    if (state.cause === this.#cause) return null;
    this.#cause = state.cause;
    const { id, time, bank } = part;
    const text = driftText(state) ?? "drift: parts are like the calibration images again";
    const { cause, hits, tests } = state;
    return { state, entry: { id: `${id}-drift`, kind: "drift", time, bank, cause, text, hits, tests } };
  }

  #see(score: unknown, facts: ImageFacts | undefined): void {
    if (typeof score === "number") this.#monitor.add(score, facts);
  }
}
