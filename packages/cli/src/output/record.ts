// What the results of `score` say of a run, beside the `ScoreRecord` of each image. Other programs rely on these fields.

/** Facts of a run that are known before the first image. */
export interface RunHeader {
  readonly backbone: string;
  /** Hash of the image tower's weights. */
  readonly fingerprint: string;
  /** The bank's id, as `inctrl bank show` tells it; null without a bank. */
  readonly bank: string | null;
  readonly shots: number;
  /** Names of the prompt images, in the order of the bank. */
  readonly prompts: readonly string[];
  readonly class: string | null;
  readonly heads: string | null;
  readonly fit: string;
  /** The values that were black and white, `LO:HI`, or `full` for the whole range of each depth. */
  readonly window: string;
  /** Whether the orientation in EXIF was followed: `follow` or `ignore`. */
  readonly orientation: string;
  /** Symmetries of the square that prompts were compared in: 1 or 8. */
  readonly turns: number;
  readonly dtype: string;
  readonly alpha: number;
  /** Patches along each side of `match`'s grids. */
  readonly grid: number;
  readonly device: string;
  /** What lies in the given folders and is neither prompt nor scored. */
  readonly left_out: LeftOutRecord;
}

/** What is left out: how much, and the first of it by name with what it is. */
export interface LeftOutRecord {
  readonly count: number;
  readonly files: readonly { readonly file: string; readonly reason: string }[];
}

/** Facts of a run that are known after the last image. */
export interface RunFooter {
  readonly scored: number;
  readonly skipped: number;
  /** False when the run was stopped before its end. */
  readonly complete: boolean;
}
