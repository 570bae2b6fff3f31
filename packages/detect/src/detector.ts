import { type Box, type Reading, readAs } from "@inctrl/datasets";
import type { Tensor } from "@inctrl/tensor";
import { sharedLayout } from "./backbone/backbone.js";
import type { Encoder } from "./encoder/encoder.js";
import type { EncodedBatch, EncodedView, Features } from "./encoder/features.js";
import { type EncodedPrompt, type EncodePromptsOptions, encodePrompts } from "./encoder/prompts.js";
import { DetectError } from "./errors.js";
import { type Augmentation, symmetriesOf } from "./images/augmentation.js";
import { type Positions, sameSize, type TilePlaces } from "./images/positions.js";
import { type ImageRegion, type ImageSize, patchesInside } from "./images/region.js";
import type { ImageItem, ImageSource } from "./images/source.js";
import { type MeasuredWindow, measureWindow, type WindowRequest } from "./images/window.js";
import type { BankEntries } from "./matcher/amend.js";
import type { PromptRecord } from "./matcher/bank-info.js";

/** A value for each patch of a view, row by row from the top. */
export interface ScoreMap {
  readonly rows: number;
  readonly columns: number;
  /** `rows * columns` values; larger is more anomalous. */
  readonly values: Float32Array;
}

/** Patches down and across. */
export type Grid = Pick<ScoreMap, "rows" | "columns">;

/** For each patch of a view the prompt patch that is most like it. */
export interface MatchMap {
  /** The grid of the patches, where it is not the map's own. */
  readonly grid?: Grid;
  /** Index of its prompt, as in `FittedDetector.prompts`. */
  readonly prompts: Int32Array;
  /** Its place in that prompt's grid, row by row, counted on from tile to tile. */
  readonly patches: Int32Array;
  /** The grid of each prompt, where they are not as the patches' own. */
  readonly promptGrids?: readonly Grid[];
}

/** What a detector finds in one view. */
export interface Detection {
  /** The anomaly score; larger is more anomalous. */
  readonly score: number;
  /** Scores that it is made of, by the method's names: s_p, s_i, s_a, phi for InCTRL. */
  readonly parts: Readonly<Record<string, number>>;
  readonly map: ScoreMap;
  /** Half of 1 - cosine of the class feature to the mean of the prompts' ones; absent where a method keeps none. */
  readonly feature?: number;
  /** Null for methods that do not match patches, and where similarities were given from outside without rows. */
  readonly matches: MatchMap | null;
}

/** A detection and the part of the image that it is of. */
export interface ViewScore extends Detection {
  readonly box: Box;
  /** The image's own size. */
  readonly of: ImageSize;
  /** The patches that lie in the detector's region, 1 or 0; absent where all of them do. */
  readonly inside?: Uint8Array;
  /** None of its patches lies in the detector's region, so that its score says nothing. */
  readonly outside?: true;
  /** The image has another size than those that its tiles would be compared with, so that its score says nothing. */
  readonly elsewhere?: true;
}

/** A patch of a view, and the prompt patch that is most like it. */
export interface BestMatch {
  readonly queryPatch: number;
  readonly prompt: number;
  readonly patch: number;
  /** Grids of the two, where they are not the map's own. */
  readonly queryGrid?: Grid;
  readonly promptGrid?: Grid;
}

/** Facts of a fit besides the images. */
export interface FitOptions {
  /** What the images show, for methods that ask text. */
  readonly className?: string;
  /** Which parts of images count, for methods that can leave some out of account. Default: all. */
  readonly region?: ImageRegion;
  /** Compares tiles with those of the prompts at their own place, for methods that can. Default: with all. */
  readonly positions?: Positions;
}

/** What is known of a batch already, so that a detector need not compute it again. */
export interface Known {
  /** Cosine of each patch to the most similar prompt patch, [views, blocks, patches]; computed when it is asked for. */
  similarity?(): Tensor;
  /** The row of that patch in the detector's bank, int32 [views, patches], which the detector frees. Matches are told where it is known. */
  rows?(): Tensor<"int32"> | null;
  /** The patches of each view that count, 1 or 0; needed where the detector has a region. */
  readonly inside?: readonly Uint8Array[];
  /** The number of each view among the tiles of its image; needed where the detector compares tiles by their place. */
  readonly places?: readonly number[];
}

/**
 * A method of anomaly detection: it is fitted with K normal images and then scores any number of others. Evaluation, heat maps
 * and commands see this interface and no method behind it.
 *
 * @example
 * const detector = residual(new Encoder(backbone));
 * using fitted = await fitImages(detector, fileImages(good));
 * for await (const result of scoreImages(fitted, fileImages(others))) console.log(result);
 */
export interface Detector {
  readonly name: string;
  /** What encodes its images: preprocessing, fit and tapped blocks. */
  readonly encoder: Encoder;
  /** Symmetries of the square that prompts are encoded in. */
  readonly symmetries: number;
  /** Variants that prompts are encoded in, in place of symmetries. */
  readonly augmentation?: Augmentation;
  /** Whether it can leave parts of images out of account: its scores come from the map alone. */
  readonly takesRegion?: boolean;
  /** Whether it can compare tiles by their place. */
  readonly takesPositions?: boolean;
  /** All that decides a score besides the encoder and the prompts, by name. */
  settings(): Promise<Readonly<Record<string, string>>>;
  /** Learns from encoded prompts, which stay the caller's. @throws DetectError `shots` without prompts. */
  fit(prompts: readonly EncodedPrompt[], options?: FitOptions): Promise<FittedDetector>;
  /** Loads what a fitted detector saved. @throws DetectError `bank` for other files, `damaged` for one whose bytes changed. */
  load(path: string, options?: FitOptions): Promise<FittedDetector>;
}

/** A detector that knows what is normal. */
export interface FittedDetector extends Disposable {
  readonly detector: Detector;
  /** The prompts it was fitted with. */
  readonly prompts: readonly PromptRecord[];
  /** Which parts of images count; all where it is absent. */
  readonly region?: ImageRegion;
  /** How tiles are compared by their place; absent where each is compared with all. */
  readonly positions?: TilePlaces;
  /** How the prompts' files became pixels, and how those of other images must. */
  readonly reading: Reading;
  /**
   * Scores encoded views; no view influences another. All work is recorded before the first await: the caller may then dispose of
   * the features, and record the next batch while this one runs.
   */
  score(features: Features, known?: Known): Promise<Detection[]>;
  /** The prompts as they were encoded, where its state keeps them: what another fit needs. The caller frees them. */
  encoded?(): EncodedPrompt[];
  /** Writes its state as one file, whole or not at all. @param entries further entries of the file's metadata. */
  save(path: string, entries?: BankEntries): Promise<void>;
  dispose(): void;
}

/** The variants that a detector wants prompts in. */
export const variantsOf = ({ symmetries, augmentation }: Detector): Augmentation =>
  augmentation ?? symmetriesOf(symmetries);

export interface FitImagesOptions extends FitOptions, Pick<EncodePromptsOptions, "signal"> {
  /** Which values become black and white, in the prompts and in all images scored. Default `auto`. */
  readonly window?: WindowRequest;
  /** Told of the window. */
  readonly onWindow?: (measured: MeasuredWindow) => void;
  /** Given the encoded prompts, which are freed after it. */
  readonly onEncoded?: (prompts: readonly EncodedPrompt[]) => Promise<void>;
}

/**
 * Encodes prompts as a detector needs them, and fits it. The window is measured on the prompts, unless they come with one.
 *
 * @throws DetectError `window` as `measureWindow`.
 */
export async function fitImages(
  detector: Detector,
  images: ImageSource,
  { window: request, onWindow, onEncoded, ...options }: FitImagesOptions = {},
): Promise<FittedDetector> {
  const { encoder } = detector;
  requireRegion(detector, options.region);
  requirePositions(detector, options.positions);
  let items: ImageItem[] = [];
  for await (const item of images) items.push(item);
  if (!items.every(({ reading }) => reading?.window)) {
    const measured = await measureWindow(items, request);
    onWindow?.(measured);
    items = items.map((item) => readAs(item, { window: measured.window }));
  }
  const prompts = await encodePrompts(encoder, items, {
    augmentation: variantsOf(detector),
    signal: options.signal,
  });
  try {
    await onEncoded?.(prompts);
    return await detector.fit(prompts, options);
  } finally {
    for (const prompt of prompts) prompt.dispose();
  }
}

/** @throws DetectError `region` where a detector cannot leave parts of images out of account. */
export function requireRegion({ name, takesRegion }: Detector, region: ImageRegion | undefined): void {
  if (!region || takesRegion) return;
  throw new DetectError(
    "region",
    `${name} with these settings judges by more than the map of each patch's distance, and cannot leave parts of images out of account; ` +
      "take residual, or anomalydino, or leave the region out",
  );
}

/** @throws DetectError `positions` where a detector does not search the patches of prompts tile by tile. */
export function requirePositions({ name, takesPositions }: Detector, positions: unknown): void {
  if (!positions || takesPositions) return;
  throw new DetectError(
    "positions",
    `${name} with these settings cannot compare tiles by their place; take residual, or leave the positions out`,
  );
}

/**
 * Scores a batch and adds to each detection where its view lies. Where anything of a view is not finite (its features, its map, a
 * part), its score is NaN.
 */
export async function scoreViews(
  fitted: FittedDetector,
  batch: Features & Pick<EncodedBatch, "views" | "finite">,
  known?: Known,
): Promise<ViewScore[]> {
  if (batch.views.length === 0) return [];
  const { region, positions } = fitted;
  const inside = region && insideOf(region, batch);
  const isElsewhere = ({ of }: EncodedView) => positions !== undefined && !sameSize(of, positions.of);
  // A view of another size has no place; its score is thrown away.
  const places = positions && batch.views.map((view) => (isElsewhere(view) ? 0 : view.tile));
  const [found, finite] = await Promise.all([
    fitted.score(batch, { ...known, ...(inside && { inside }), ...(places && { places }) }),
    batch.finite(),
  ]);
  return found.map((detection, i) => ({
    ...detection,
    score: finite[i] && allFinite(detection) ? detection.score : Number.NaN,
    box: batch.views[i].box,
    of: batch.views[i].of,
    ...(inside?.[i].includes(0) && { inside: inside[i] }),
    ...(inside && !inside[i].includes(1) && { outside: true as const }),
    ...(isElsewhere(batch.views[i]) && { elsewhere: true as const }),
  }));
}

/** The patches of each view that count. Views of images of one size often lie alike. */
function insideOf(
  region: ImageRegion,
  { views, layouts }: Pick<EncodedBatch, "views" | "layouts">,
): Uint8Array[] {
  const known = new Map<string, Uint8Array>();
  const grid = sharedLayout(layouts);
  return views.map((view) => {
    const key = JSON.stringify([view.box, view.of]);
    const made = known.get(key) ?? patchesInside(region, view, grid);
    known.set(key, made);
    return made;
  });
}

const allFinite = ({ map, parts }: Detection): boolean =>
  map.values.every(Number.isFinite) && Object.values(parts).every(Number.isFinite);

/** The most anomalous patch of a view and its match; null where the method matches no patches, and where the map is not finite. */
export const bestMatch = (found: Detection): BestMatch | null =>
  matchOf(
    found,
    found.map.values.reduce((most, value) => Math.max(most, value), -Infinity),
  );

/** The least anomalous patch of a view and its match, as `bestMatch`. */
export const leastMatch = (found: Detection): BestMatch | null =>
  matchOf(
    found,
    found.map.values.reduce((least, value) => Math.min(least, value), Infinity),
  );

/** The first patch of this value, and its match. */
function matchOf({ map, matches }: Detection, value: number): BestMatch | null {
  const place = map.values.indexOf(value);
  if (!matches || place < 0) return null;
  const { grid, promptGrids } = matches;
  const queryPatch = grid ? scaled(place, map, grid) : place;
  const [prompt, patch] = [matches.prompts[queryPatch], matches.patches[queryPatch]];
  const promptGrid = promptGrids?.[prompt] ?? grid;
  return {
    ...{ queryPatch, prompt, patch },
    ...(grid && { queryGrid: grid }),
    ...(promptGrid && { promptGrid }),
  };
}

/** The patch of a grid that lies where a patch of another one does. */
function scaled(place: number, from: Grid, to: Grid): number {
  const [row, column] = [Math.floor(place / from.columns), place % from.columns];
  const along = (at: number, count: number, other: number) => Math.floor(((at + 0.5) / count) * other);
  return along(row, from.rows, to.rows) * to.columns + along(column, from.columns, to.columns);
}
