// What `score` says about a run and about each image: the fields are a contract with other programs.

/** The best explanation of a score: the query's patch farthest from normal, and the normal patch nearest to it. */
export interface MatchRecord {
  /** The prompt's name. */
  readonly prompt: string;
  /** Index of the patch in the prompt's grid, row by row; likewise below in the image's grid. */
  readonly patch: number;
  readonly query_patch: number;
}

/** The part of the original image that was looked at, in its pixels. */
export interface BoxRecord {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
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
  readonly box: BoxRecord;
}

/** What is known before the first image. */
export interface RunHeader {
  readonly backbone: string;
  readonly shots: number;
  /** Names of the prompt images, in the order of the bank. */
  readonly prompts: readonly string[];
  readonly class: string | null;
  readonly heads: string | null;
  readonly fit: string;
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
