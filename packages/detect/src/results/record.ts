import { type Box, printable, windowText } from "@inctrl/datasets";
import type { Line } from "../calibration/conformal.js";
import type { CalibratedJudge } from "../calibration/record.js";
import { type Region, regionsAbove } from "../calibration/regions.js";
import { type Judged, judge, type Verdict } from "../calibration/verdict.js";
import { type BestMatch, bestMatch, type FittedDetector, type Grid } from "../detector.js";
import type { Encoder } from "../encoder/encoder.js";
import { mergeViews } from "../heatmap/merge.js";
import type { ImageSize } from "../images/region.js";
import type { ImageScore } from "../score-images.js";

// The result of an image, as every command and service tells it. Other programs rely on these fields.

/** The query's most anomalous patch, and the prompt patch that is most like it. */
export interface MatchRecord {
  /** The prompt's name. */
  readonly prompt: string;
  /** Index of the patch in the prompt's grid, row by row. In a tiled prompt it counts on from tile to tile. */
  readonly patch: number;
  /** Index of the patch in the grid of the view that decided, row by row. */
  readonly query_patch: number;
  /** Rows and columns of the two grids, where they are not the encoder's `gridSide` both ways. */
  readonly query_grid?: GridSize;
  readonly prompt_grid?: GridSize;
}

export type GridSize = readonly [rows: number, columns: number];

/** The line that a verdict stands on. */
export type CalibrationRecord = Pick<Line, "status" | "alpha" | "n" | "threshold">;

/** What the calibration of a bank says of an image; all null without one. */
export interface VerdictRecord {
  readonly verdict: Verdict | null;
  /** The share of good parts that score at least as high. */
  readonly p_value: number | null;
  /** From 0 to 1; above 0.5 exactly where the verdict is NG. */
  readonly scaled_score: number | null;
  readonly calibration: CalibrationRecord | null;
  /** Parts of the image whose patches are above the calibration's patch line, in its pixels. */
  readonly regions: readonly Region[] | null;
}

/** One image. Higher scores are more anomalous. A part that the model does not have is null. */
export interface ScoreRecord extends VerdictRecord {
  readonly image: string;
  /** Its size in pixels, upright where its orientation is followed. */
  readonly width: number;
  readonly height: number;
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
  /** Pixels of the image that a patch covers: of a defect that is smaller, little is seen. */
  readonly patch: ImageSize;
}

/**
 * The result of a scored image.
 *
 * @param judge of the bank's calibration; null where it has none.
 * @example
 * for await (const result of scoreImages(fitted, images))
 *   if (!("error" in result)) console.log(recordJson(scoreRecord(result, fitted, judge)));
 */
export function scoreRecord(
  result: ImageScore,
  fitted: FittedDetector,
  judge: CalibratedJudge | null,
): ScoreRecord {
  const { image, score, parts, view, views } = result;
  const { encoder } = fitted.detector;
  const seen = views[view];
  const match = bestMatch(seen);
  const { s_p = null, s_i = null, text = null, s_a = text, phi = null, ...others } = parts;
  return {
    ...{ image, width: seen.of.width, height: seen.of.height, score },
    residual: s_p,
    image_residual: s_i,
    text: s_a,
    phi,
    ...(Object.keys(others).length > 0 && { parts: others }),
    match: match && {
      prompt: fitted.prompts[match.prompt].name,
      patch: match.patch,
      query_patch: match.queryPatch,
      ...gridsOf(match, seen.map, encoder),
    },
    fit: encoder.fit,
    window: windowText(fitted.reading.window ?? "full"),
    view,
    box: seen.box,
    patch: {
      width: seen.box.width / seen.map.columns,
      height: seen.box.height / seen.map.rows,
    },
    ...verdictOf(result, judge),
  };
}

function verdictOf({ score, views }: ImageScore, by: CalibratedJudge | null): VerdictRecord {
  if (by === null)
    return { verdict: null, p_value: null, scaled_score: null, calibration: null, regions: null };
  const judged: Judged = judge(score, by);
  const { status, alpha, n, threshold } = by.line;
  return {
    ...judged,
    calibration: { status, alpha, n, threshold },
    regions: regionsAbove(mergeViews(views), by.patchLine),
  };
}

/** The grids of a match, as far as they are not the encoder's. */
function gridsOf({ queryGrid, promptGrid }: BestMatch, map: Grid, encoder: Encoder) {
  const side = gridSide(encoder);
  const told = ({ rows, columns }: Grid): GridSize | undefined =>
    rows === side && columns === side ? undefined : [rows, columns];
  const query = told(queryGrid ?? map);
  const prompt = told(promptGrid ?? queryGrid ?? map);
  return { ...(query && { query_grid: query }), ...(prompt && { prompt_grid: prompt }) };
}

/** Patches along each side of the deepest tap. */
export const gridSide = ({ layouts }: Encoder): number => layouts[layouts.length - 1].columns;

/** A result as JSON: numbers have nine digits, which tell each float32 from the next, and nothing in it is obeyed by a terminal. */
export function recordJson(value: object): string {
  const text = JSON.stringify(value, (_, item) =>
    typeof item === "number" && !Number.isInteger(item) ? Number(item.toPrecision(9)) : item,
  );
  return printable(text);
}
