import type { Bench } from "./bench.js";
import type { Memory } from "./task.js";

/** A line of the table. Ratios hold within one run; times of different runs do not compare. */
export interface Row {
  case: string;
  size: string;
  /** `ours`, a peer's name, or `ceiling`. */
  subject: string;
  /** Null where it failed. */
  medianMs: number | null;
  minMs: number | null;
  spread: number | null;
  runs: number;
  rate: number | null;
  unit: string;
  /** Our rate over this subject's, in the same run. */
  oursOver?: number;
  /** This rate as a share of the ceiling's, in the same run. */
  ofCeiling?: number;
  /** Of our matrix product's rate in the same run; for whole towers, the share of the time that all their products take at the linear layers' rate. */
  ofGemm?: number;
  /** For whole towers, the share of the time that the products of their linear layers take alone. */
  ofLinear?: number;
  /** The cost of one more unit at this size over that at the smallest size. */
  growth?: number;
  memory?: Memory;
  /** A remark on the row. */
  note?: string;
  /** Why the row has no figures. */
  failed?: string;
}

/** One claim and how it is measured. */
export interface Case {
  readonly name: string;
  /** The text above the table. */
  readonly title: string;
  run(bench: Bench): AsyncIterable<Row>;
}

/** The figures of a row that failed. */
export const NO_FIGURES = { medianMs: null, minMs: null, spread: null, runs: 0, rate: null };
