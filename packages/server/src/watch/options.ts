import type { Reading } from "@inctrl/datasets";
import type { DriftState, ImageFailure, ImageItem, ImageScore, ScoreRecord, Verdict } from "@inctrl/detect";
import type { DriftLog } from "./drift-log.js";
import type { Ledger } from "./ledger.js";
import type { RetentionLimits } from "./retention.js";

/** What scores pictures, and what it makes of one. */
export interface Scorer {
  /** Results of images by their ids, in their order. */
  score(images: Iterable<ImageItem>, signal: AbortSignal): AsyncIterable<ImageScore | ImageFailure>;
  /** The record of a result, with a verdict. */
  record(result: ImageScore): ScoreRecord;
  /** How files become pixels. */
  readonly reading: Reading;
  /** What verdicts stand on, such as the sum of the bank: the same bytes are scored once by the same. */
  readonly bank: string;
}

/** How many parts were put where, of those how many were there before, and how many wait to be readable. */
export interface WatchCounts {
  readonly OK: number;
  readonly REVIEW: number;
  readonly NG: number;
  readonly ERROR: number;
  readonly repeats: number;
  readonly waiting: number;
}

export interface WatchOptions extends RetentionLimits {
  /** Where pictures arrive. */
  readonly from: string;
  /** Where they go: `ok`, `review`, `ng`, `error`, and the ledger. */
  readonly out: string;
  readonly scorer: Scorer;
  /** Ends when nothing is left to do. Default false. */
  readonly once?: boolean;
  /** How often the folder is looked at where the system does not tell of changes. Default 1000. */
  readonly pollMs?: number;
  /** How long a picture that cannot be read may stay as it is before it is an error. Default 60,000. */
  readonly patienceMs?: number;
  readonly drift?: DriftLog;
  /** Told of what is worth a line. */
  readonly onNote?: (text: string) => void;
  /** Told of the counts after each commit. */
  readonly onCounts?: (counts: WatchCounts) => void;
  /** Told of drift when its cause changes. */
  readonly onDrift?: (state: DriftState) => void;
  /** Told of each part once it has its place, with the result of those that were scored. What it throws stops the watch. */
  readonly onPart?: (part: PlacedPart) => Promise<void> | void;
  /** Told when lines were added to the ledger, of which this is the folder. */
  readonly onLedger?: (ledger: Ledger) => Promise<void> | void;
  readonly signal: AbortSignal;
}

/** A part in its place. */
export interface PlacedPart {
  readonly verdict: Verdict;
  readonly path: string;
  /** Below the folder of the watch, `ng/part.png`. */
  readonly to: string;
  readonly result: ImageScore | null;
}

/** The folder of each verdict. */
export const FOLDERS: Readonly<Record<Verdict, string>> = {
  OK: "ok",
  REVIEW: "review",
  NG: "ng",
  ERROR: "error",
};
