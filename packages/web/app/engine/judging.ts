import {
  CALIBRATION_DEFAULTS,
  type Calibration,
  type FittedDetector,
  type GoodImage,
  judgeOf,
  promiseText,
  verdictSettings,
} from "@inctrl/detect/web";
import type { LineState } from "./types.js";

/** What a bank knows of good parts, from good images and all that decides their scores. */
export async function calibrationOf(
  fitted: FittedDetector,
  images: readonly GoodImage[],
  { alpha = CALIBRATION_DEFAULTS.alpha as number, hint = false } = {},
): Promise<Calibration | null> {
  if (images.length === 0) return null;
  return {
    version: 1,
    ...(hint && { hint: true as const }),
    alpha,
    review: CALIBRATION_DEFAULTS.review,
    images,
    settings: await verdictSettings(fitted),
    ...(!hint && { made: new Date().toISOString() }),
  };
}

/** A calibration as the page shows it. */
export function lineState(calibration: Calibration): LineState {
  const { line, tried } = judgeOf(calibration);
  const { status, alpha, n, threshold } = line;
  return { status, alpha, n, threshold, sentences: promiseText(line, tried) };
}

/** Adds good images that are neither prompts nor there already, by their bytes. */
export function mergeGood(
  there: readonly GoodImage[],
  more: readonly GoodImage[],
  prompts: FittedDetector["prompts"],
): { images: GoodImage[]; left: string[] } {
  const known = new Set([...prompts, ...there].map(({ sha256 }) => sha256));
  const images = [...there];
  const left: string[] = [];
  for (const image of more) {
    if (image.sha256 !== null && known.has(image.sha256)) left.push(image.name);
    else images.push(image);
    known.add(image.sha256);
  }
  return { images, left };
}
