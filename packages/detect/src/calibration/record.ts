import type { TensorFile } from "@inctrl/tensor";
import { FACTS, type ImageFacts, imageFacts } from "../drift/facts.js";
import type { DriftBaseline } from "../drift/monitor.js";
import { DetectError } from "../errors.js";
import { openSealed } from "../files/sealed.js";
import { amendBank, type BankEntries } from "../matcher/amend.js";
import type { ImageScore } from "../score-images.js";
import { type Check, finite, fits, listOf, mapOf, orNull, parseJson, text } from "../shape.js";
import { lineOf } from "./conformal.js";
import { peakOf } from "./leave-one-out.js";
import type { Tried } from "./text.js";
import { type Judge, spreadBelow } from "./verdict.js";

/** A good image that is no prompt, and its score. */
export interface GoodImage {
  readonly name: string;
  readonly sha256: string | null;
  /** Images of one part count as one, with the largest score. */
  readonly part: string;
  readonly score: number;
  /** The largest value of its map. */
  readonly peak: number;
  /** What drift is told by; absent in hints and in banks of earlier versions. */
  readonly facts?: ImageFacts;
}

/** What a line keeps of a scored image. */
export type Found = Pick<GoodImage, "score" | "peak" | "facts">;

/** What a line keeps of a scored image. Facts are absent where its features came from a cache. */
export function foundOf(result: Pick<ImageScore, "views" | "pixels">): Found {
  const facts = imageFacts(result);
  return { ...peakOf(result.views), ...(facts && { facts }) };
}

/** The share of good parts that may be flagged, and that is to be looked at, unless others are asked for. */
export const CALIBRATION_DEFAULTS = { alpha: 0.01, review: 0.05 } as const;

/** What a bank knows of good parts: what a verdict stands on. */
export interface Calibration {
  readonly version: 1;
  /** The images are the prompts, each scored by the others. */
  readonly hint?: true;
  /** The share of good parts that may be flagged. */
  readonly alpha: number;
  /** Parts with a p up to this that are not flagged are to be looked at. */
  readonly review: number;
  readonly images: readonly GoodImage[];
  /** All that decides a score besides the prompts. Verdicts with other settings would mean nothing. */
  readonly settings: Readonly<Record<string, string>>;
  /** Bad parts that the line was tried on when it was set; absent where there were none. */
  readonly tried?: Tried;
  /** When it was made, as ISO 8601 has it. A hint is the same at any time. */
  readonly made?: string;
}

/** A line on other images, or on other scores of them: what it was tried on says nothing of it any more. */
export const lineOn = ({ tried: _, ...line }: Calibration, images: Calibration["images"]): Calibration => ({
  ...line,
  images,
  made: new Date().toISOString(),
});

/** A value of the parts: the largest of their images. */
function partValues({ images }: Pick<Calibration, "images">, value: "score" | "peak"): number[] {
  const values = new Map<string, number>();
  for (const image of images)
    values.set(image.part, Math.max(image[value], values.get(image.part) ?? Number.NEGATIVE_INFINITY));
  return [...values.values()];
}

/** What judges by a calibration: its line, and one for the values of maps. */
export interface CalibratedJudge extends Judge {
  /** Of good parts no more than the same share have a larger value anywhere in their maps. */
  readonly patchLine: number;
  /** How far the patch line lies above the median of good parts' largest values. */
  readonly patchSpread: number;
  /** Bad parts that the line was tried on; null where there were none. */
  readonly tried?: Tried | null;
  /** What parts are compared with to see whether the line has drifted. */
  readonly baseline: DriftBaseline;
}

/** The lines of a calibration. */
export function judgeOf(calibration: Calibration): CalibratedJudge {
  const { alpha, hint, review } = calibration;
  const [scores, peaks] = [partValues(calibration, "score"), partValues(calibration, "peak")];
  const { threshold: patchLine } = lineOf(peaks, alpha);
  const line = lineOf(scores, alpha, { hint });
  return {
    ...{ line, scores, review },
    tried: calibration.tried ?? null,
    ...{ patchLine, patchSpread: spreadBelow(peaks, patchLine) },
    baseline: { status: line.status, alpha, ...seenIn(calibration) },
  };
}

/** Scores and facts of calibration images one by one, as a line sees its parts. */
function seenIn({ images, settings }: Calibration): Pick<DriftBaseline, "scores" | "facts"> {
  // Where the bank has a region, earlier versions took facts of the whole view, which tell of what does not count.
  const isOfRegion = settings.region !== undefined;
  const known = images.flatMap(({ facts }) =>
    facts && (facts.regional === true) === isOfRegion ? facts : [],
  );
  return {
    scores: images.map(({ score }) => score),
    facts: known.length === images.length ? known : null,
  };
}

/** The entry of a bank's metadata. */
const ENTRY = "calibration";

/** A calibration as an entry of a bank's metadata. */
export const calibrationEntry = (calibration: Calibration): BankEntries => ({
  [ENTRY]: JSON.stringify(calibration),
});

/**
 * Writes a calibration into a bank, in place of any that is there. The file is replaced whole or not at all.
 *
 * @throws DetectError `bank` for other files; `damaged` for bytes that are not those written.
 */
export const saveCalibration = (path: string, calibration: Calibration): Promise<void> =>
  amendBank(path, calibrationEntry(calibration));

/** A bank's entries with another calibration, or with none. */
export function withCalibration(entries: BankEntries, calibration: Calibration | null): BankEntries {
  const { [ENTRY]: _, ...others } = entries;
  return { ...others, ...(calibration && calibrationEntry(calibration)) };
}

/** The calibration that an open bank keeps; null where it has none. @throws DetectError `calibration` for one that is damaged. */
export function calibrationIn({ path, metadata }: Pick<TensorFile, "path" | "metadata">): Calibration | null {
  const entry = metadata[ENTRY];
  if (entry === undefined) return null;
  const calibration = parseJson(entry) as Calibration;
  if (!fits(calibration, CALIBRATION) || calibration.images.length === 0)
    throw refused(path, "its calibration is damaged or of a later version; calibrate it again");
  return calibration;
}

/**
 * The calibration of a bank; null where it has none, and where it is a hint of other settings.
 *
 * @param settings all that decides a score now, as in the calibration.
 * @throws DetectError `bank` for other files, `calibration` for one that is damaged or was made with other settings.
 */
export async function readCalibration(
  path: string,
  settings: Readonly<Record<string, string>>,
): Promise<Calibration | null> {
  await using file = await openSealed(path);
  const calibration = calibrationIn(file);
  if (calibration === null) return null;
  const names = new Set([...Object.keys(settings), ...Object.keys(calibration.settings)]);
  const other = [...names].find((name) => settings[name] !== calibration.settings[name]);
  if (other === undefined) return calibration;
  // Nobody asked for a hint, so that it stands in nobody's way.
  if (calibration.hint) return null;
  const [made, now] = [calibration.settings[other], settings[other]].map((value) => value ?? "not given");
  throw refused(
    path,
    `it was calibrated with ${other} ${made}, and now it is ${now}; use the same, or calibrate it again`,
  );
}

const refused = (path: string, why: string): DetectError => new DetectError("calibration", `${path}: ${why}`);

const facts: Check = (value) => value === undefined || fits(value, FACT_CHECK);

const FACT_CHECK: Check = {
  ...Object.fromEntries(FACTS.map((name) => [name, finite])),
  feature: (value) => value === undefined || fits(value, finite),
  regional: (value) => value === undefined || value === true,
};

const share: Check = (value) => typeof value === "number" && value >= 0 && value < 1;

const isShare = ({ found, of }: Tried): boolean =>
  Number.isSafeInteger(found) && Number.isSafeInteger(of) && found >= 0 && found <= of && of > 0;

const CALIBRATION: Check = {
  version: (value) => value === 1,
  hint: (value) => value === undefined || value === true,
  alpha: (value) => typeof value === "number" && value > 0 && value < 1,
  review: share,
  images: listOf({ name: text, sha256: orNull(text), part: text, score: finite, peak: finite, facts }),
  settings: mapOf(text),
  tried: (value) =>
    value === undefined || (fits(value, { found: finite, of: finite }) && isShare(value as Tried)),
  made: (value) => value === undefined || fits(value, text),
};
