import type { Bench } from "./bench.js";
import type { Memory } from "./task.js";

/** A line of the table. Ratios are of one run; times are not to be compared between runs. */
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
  /** Of our matrix product's rate in the same run; of whole towers, the part of the time that all their products take at the linear layers' rate. */
  ofGemm?: number;
  /** Of whole towers, the part of the time that the products of their linear layers take by themselves. */
  ofLinear?: number;
  /** The cost of one more at this size over that at the smallest. */
  growth?: number;
  memory?: Memory;
  /** What else is to be known of the row. */
  note?: string;
  /** Why there are no figures. */
  failed?: string;
}

/** One claim: what is run and what comes out. */
export interface Case {
  readonly name: string;
  /** What the table says above the rows. */
  readonly title: string;
  run(bench: Bench): AsyncIterable<Row>;
}
