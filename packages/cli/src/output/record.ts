import type { Box } from "@inctrl/inctrl";

// What `score` says about a run and about each image: the fields are a contract with other programs.

/** The best explanation of a score: the query's patch farthest from normal, and the normal patch nearest to it. */
export interface MatchRecord {
  /** The prompt's name. */
  readonly prompt: string;
  /** Index of the patch in the prompt's grid, row by row; of a tiled prompt counted on from tile to tile. */
  readonly patch: number;
  /** Likewise in the grid of the view that decided. */
  readonly query_patch: number;
}

/** One image. Higher scores are more anomalous; what the model does not have is null. */
export interface ScoreRecord {
  readonly image: string;
  readonly score: number;
  /** s_p: the largest patch residual. */
  readonly residual: number;
  /** s_i: the image-level head. */
  readonly image_residual: number | null;
  /** s_a: the text prompts. */
  readonly text: number | null;
  /** The head over the fused map. */
  readonly phi: number | null;
  readonly match: MatchRecord;
  readonly fit: string;
  /** Index of the view (the tile) that decided; 0 where there is but one. */
  readonly view: number;
  /** The part of the original image that this view shows, in its pixels. */
  readonly box: Box;
}

/** What is known before the first image. */
export interface RunHeader {
  readonly backbone: string;
  /** Of the weights: a hash of what the image tower computes with. */
  readonly fingerprint: string;
  readonly shots: number;
  /** Names of the prompt images, in the order of the bank. */
  readonly prompts: readonly string[];
  readonly class: string | null;
  readonly heads: string | null;
  readonly fit: string;
  /** Symmetries of the square that prompts were compared in: 1 or 8. */
  readonly turns: number;
  readonly dtype: string;
  readonly alpha: number;
  /** Patches along each side of `match`'s grids. */
  readonly grid: number;
  readonly device: string;
}

/** What is known after the last image. */
export interface RunFooter {
  readonly scored: number;
  readonly skipped: number;
  /** False when the run was stopped before its end. */
  readonly complete: boolean;
}
