import type { Box } from "@inctrl/datasets";
import type { Line, Region, Verdict } from "@inctrl/detect";

// The results of `score`. Other programs rely on these fields.

/** The query's most anomalous patch, and the prompt patch that is most like it. */
export interface MatchRecord {
  /** The prompt's name. */
  readonly prompt: string;
  /** Index of the patch in the prompt's grid, row by row. In a tiled prompt it counts on from tile to tile. */
  readonly patch: number;
  /** Index of the patch in the grid of the view that decided, row by row. */
  readonly query_patch: number;
  /** Rows and columns of the two grids, where they are not the header's `grid` both ways. */
  readonly query_grid?: GridSize;
  readonly prompt_grid?: GridSize;
}

export type GridSize = readonly [rows: number, columns: number];

/** One image. Higher scores are more anomalous. A part that the model does not have is null. */
export interface ScoreRecord {
  readonly image: string;
  readonly score: number;
  /** s_p: the largest patch residual. */
  readonly residual: number | null;
  /** s_i: the image-level head. */
  readonly image_residual: number | null;
  /** s_a, or another method's text score. */
  readonly text: number | null;
  /** phi: the head over the fused map. */
  readonly phi: number | null;
  /** What else the score of another method is made of, by the method's names; absent where there is nothing. */
  readonly parts?: Readonly<Record<string, number>>;
  /** Null for methods that do not match patches. */
  readonly match: MatchRecord | null;
  readonly fit: string;
  /** The values that were black and white, `LO:HI`, or `full`. */
  readonly window: string;
  /** Index of the view (the tile) that decided; 0 where there is one view. */
  readonly view: number;
  /** The part of the original image that this view shows, in pixels of the original. */
  readonly box: Box;
  /** What the bank's calibration says of the score; null without one. */
  readonly verdict: Verdict | null;
  /** The share of good parts that score at least as high. */
  readonly p_value: number | null;
  /** From 0 to 1; above 0.5 exactly where the verdict is NG. */
  readonly scaled_score: number | null;
  readonly calibration: CalibrationRecord | null;
  /** Parts of the image whose patches are above the calibration's patch line, in its pixels. */
  readonly regions: readonly Region[] | null;
}

/** The line that a verdict stands on. */
export type CalibrationRecord = Pick<Line, "status" | "alpha" | "n" | "threshold">;

/** Facts of a run that are known before the first image. */
export interface RunHeader {
  readonly backbone: string;
  /** Hash of the image tower's weights. */
  readonly fingerprint: string;
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
