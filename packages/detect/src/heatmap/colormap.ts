import type { CalibratedJudge } from "../calibration/record.js";

/**
 * Ten even steps of "inferno" (van der Walt and Smith's perceptual maps): lightness grows evenly from black over
 * purple and orange to pale yellow, so it reads the same in gray print and to the colour-blind.
 */
const INFERNO = "000004 1b0c42 4b0c6b 781c6d a52c60 cf4446 ed6925 fb9a06 f7d03c fcffa4"
  .split(" ")
  .map((colour) => [0, 2, 4].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)));

export type Colour = readonly [red: number, green: number, blue: number];

/**
 * The colour of a share of the scale, clamped to [0, 1]; NaN counts as 0.
 *
 * @example
 * inferno(1); // [252, 255, 164]
 */
export function inferno(share: number): Colour {
  const at = (share > 0 ? Math.min(share, 1) : 0) * (INFERNO.length - 1);
  const i = Math.min(Math.floor(at), INFERNO.length - 2);
  const t = at - i;
  const mix = (c: number) => Math.round(INFERNO[i][c] * (1 - t) + INFERNO[i + 1][c] * t);
  return [mix(0), mix(1), mix(2)];
}

/** The values that the ends of the colour map stand for, one pair for all pictures that are to be compared. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}

/**
 * The scale from the lowest to the highest finite value of some maps; null when there is none.
 *
 * @example
 * scaleOf([[0.1, 0.2], [0.05]]); // { low: 0.05, high: 0.2 }
 */
export function scaleOf(maps: Iterable<ArrayLike<number>>): Scale | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const map of maps) {
    for (let i = 0; i < map.length; i++) {
      const value = map[i];
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low <= high ? { low, high } : null;
}

/** Where a value lies on the scale, in [0, 1]; a scale of no width puts all at 0. */
export function shareOf(value: number, { low, high }: Scale): number {
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
}

/** Good images are dark, the line is in the middle, and what lies twice as far above it as good images below is brightest. */
export const anchoredScale = ({
  patchLine,
  patchSpread,
}: Pick<CalibratedJudge, "patchLine" | "patchSpread">): Scale => ({
  low: patchLine - 2 * patchSpread,
  high: patchLine + 2 * patchSpread,
});
