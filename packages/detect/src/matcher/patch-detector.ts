import { add, greater, mul, normalize, scope, sum, type Tensor, tensor, where } from "@inctrl/tensor";
import { sharedLayout } from "../backbone/backbone.js";
import {
  type Detection,
  type Detector,
  type FitOptions,
  type FittedDetector,
  type Grid,
  type Known,
  type MatchMap,
  requirePositions,
  requireRegion,
} from "../detector.js";
import type { Features } from "../encoder/features.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import { DetectError } from "../errors.js";
import { comparedTiles } from "../images/positions.js";
import { unpackRegion } from "../images/region.js";
import { type MethodState, PromptBank } from "./bank.js";
import { type LearntShapes, readingOf } from "./bank-file.js";
import { matchBank, matchTiles, type PatchMatches, type ViewPlaces } from "./match.js";

/** What a method makes of a batch, on the device. */
export interface PatchOutput {
  /** [views]. */
  readonly score: Tensor;
  /** A value for each patch, [views, patches]. */
  readonly map: Tensor;
  /** Scores it is made of, by name, [views] each; null where the method has none. */
  readonly parts: Readonly<Record<string, Tensor | null>>;
}

/** A method once it knows its prompts. */
export interface PatchScoring {
  /**
   * Records the scoring of a batch; runs in a scope.
   *
   * @param features class features, [views, embedDim].
   * @param similarity cosine of each patch to the most similar prompt patch, [views, blocks, patches].
   * @param taps the patches themselves, tap by tap [views, patches, width], of any length.
   */
  run(features: Tensor, similarity: Tensor, taps: readonly Tensor[]): PatchOutput;
  /** Frees what was made for these prompts. */
  dispose?(): void;
}

/** A method that compares patches with those of the prompts: what is its own about it. */
export interface PatchMethod
  extends Pick<Detector, "name" | "encoder" | "symmetries" | "augmentation" | "settings" | "takesRegion"> {
  /** Compares patches averaged over their neighbours. Default false. */
  readonly averaged?: boolean;
  /** What banks say of its settings, beside the encoder and the prompts. */
  readonly kept?: MethodState["settings"];
  /** What it learns of the prompts beside their patches. */
  readonly learning?: {
    readonly shapes: LearntShapes;
    of(prompts: readonly EncodedPrompt[]): Promise<Readonly<Record<string, Tensor>>>;
  };
  prepare(bank: PromptBank, options: FitOptions): PatchScoring | Promise<PatchScoring>;
}

/**
 * A detector from a nearest-patch method: it holds the prompts in a `PromptBank`, searches it, and tells matches.
 *
 * @example
 * const detector = patchDetector({
 *   ...{ name: "residual", encoder, symmetries: 1, settings: async () => ({}) },
 *   prepare: () => ({ run: (_, similarity) => scoresOf(similarity) }),
 * });
 */
export function patchDetector(method: PatchMethod): Detector {
  const { name, encoder, symmetries, augmentation, averaged = false, kept: settings, learning } = method;
  const { takesRegion = false } = method;
  const takesPositions = !averaged;
  const fitted = async (bank: PromptBank, options: FitOptions = {}): Promise<FittedDetector> => {
    const region = (bank.info.region && unpackRegion(bank.info.region)) || undefined;
    const { positions } = bank.info;
    try {
      requireRegion(detector, region);
      requirePositions(detector, positions);
      const compared = positions && comparedTiles(positions, encoder.preprocess);
      checkTiles(bank, compared);
      const scoring = await method.prepare(bank, options);
      const dispose = () => {
        scoring.dispose?.();
        bank.dispose();
      };
      return {
        ...{
          detector,
          prompts: bank.prompts,
          reading: readingOf(bank.info),
          ...(region && { region }),
          ...(positions && { positions }),
          dispose,
          [Symbol.dispose]: dispose,
        },
        score: (features, known) => {
          const matched = () => matchesIn(bank, features, { averaged, compared, known });
          return score(bank, scoring, features, { matched, hasFeatures: encoder.features }, known);
        },
        encoded: () => bank.encoded(),
        save: (path, entries) => bank.save(path, entries),
      };
    } catch (error) {
      bank.dispose();
      throw error;
    }
  };
  const detector: Detector = {
    ...{ name, encoder, symmetries, augmentation, takesRegion, takesPositions },
    settings: () => method.settings(),
    async fit(prompts, options) {
      const learnt = prompts.length > 0 ? await learning?.of(prompts) : undefined;
      const bank = PromptBank.of(encoder, prompts, augmentation ?? symmetries, {
        ...{ settings, learnt, region: options?.region, positions: options?.positions },
      });
      return fitted(bank, options);
    },
    load: async (path, options) =>
      fitted(await PromptBank.load(path, encoder, augmentation, learning?.shapes), options),
  };
  return detector;
}

/** @throws DetectError `bank` where prompts have other tiles than their size says. */
function checkTiles({ prompts }: PromptBank, compared: readonly unknown[] | undefined): void {
  const other = compared && prompts.find(({ views }) => views !== compared.length);
  if (other)
    throw new DetectError(
      "bank",
      `${other.name} has ${other.views} tiles and the size of the prompts gives ${compared.length}; make the bank again`,
    );
}

/** Similarities, and rows where they are known. */
type Matched = Pick<PatchMatches, "similarity"> & { readonly rows: PatchMatches["rows"] | null };

/** The matches of a batch: those that are known, those by the places of tiles, or those in the whole bank. */
function matchesIn(
  bank: PromptBank,
  features: Features,
  {
    averaged,
    compared,
    known,
  }: { averaged: boolean; compared: ViewPlaces["compared"] | undefined; known: Known | undefined },
): Matched {
  if (compared) {
    if (known?.places) return matchTiles(bank, features.taps, { places: known.places, compared });
    throw new DetectError(
      "positions",
      "the bank compares tiles by their place, and the places of these views are not said; score images",
    );
  }
  if (known?.similarity && !averaged) return { similarity: known.similarity(), rows: known.rows?.() ?? null };
  return matchBank(bank, features, averaged);
}

async function score(
  bank: PromptBank,
  scoring: PatchScoring,
  { features, taps, layouts }: Features,
  { matched, hasFeatures }: { matched: () => Matched; hasFeatures: boolean },
  known?: Known,
): Promise<Detection[]> {
  const { rows: down, columns } = sharedLayout(layouts);
  const { score, map, parts, rows, distance } = scope(() => {
    const { similarity, rows } = matched();
    const distance = hasFeatures ? distanceTo(bank.centre, features) : null;
    return {
      distance,
      ...scoring.run(features, within(bank, similarity, known?.inside), taps),
      rows,
    };
  });
  // A tensor that has two names is read once.
  const tensors = new Set([score, map, distance, ...Object.values(parts)]);
  try {
    const read = Promise.all([...tensors].map(async (t) => [t, await t?.data()] as const));
    const [nearest, values] = await Promise.all([rows?.data() ?? null, read.then((all) => new Map(all))]);
    const patches = down * columns;
    return Array.from(values.get(score)!, (value, i) => {
      const own = [i * patches, (i + 1) * patches] as const;
      const found = Object.entries(parts).filter(([, t]) => t !== null);
      return {
        score: value,
        parts: Object.fromEntries(found.map(([name, t]) => [name, values.get(t)![i]])),
        map: { rows: down, columns, values: values.get(map)!.slice(...own) },
        ...(distance && { feature: values.get(distance)![i] }),
        matches: nearest && matchesOf(bank, nearest.subarray(...own), { rows: down, columns }),
      };
    });
  } finally {
    for (const t of [...tensors, rows]) t?.dispose();
  }
}

/** Half of 1 - cosine of each row to one, [rows]. */
const distanceTo = (centre: Tensor, rows: Tensor): Tensor =>
  add(mul(sum(mul(normalize(rows), centre), 1), -0.5), 0.5);

/** Patches that do not count are as like the prompts as can be. @param inside 1 or 0 for each patch of each view. */
function within({ info }: PromptBank, similarity: Tensor, inside: readonly Uint8Array[] | undefined): Tensor {
  if (info.region === undefined) return similarity;
  if (!inside)
    throw new DetectError(
      "region",
      "the bank has a region, and where the views lie is not said; score images",
    );
  const counts = Float32Array.from(inside.flatMap((view) => [...view]));
  if (counts.every((each) => each === 1)) return similarity;
  const [views, , patches] = similarity.shape;
  return where(greater(tensor(similarity.device, counts, [views, 1, patches]), 0), similarity, 1);
}

function matchesOf(bank: PromptBank, rows: Int32Array, grid: Grid): MatchMap {
  const rowOf = (row: number) => (bank.info.positions ? bank.rowInTiles(row) : row);
  const found = Array.from(rows, (row) => bank.locate(rowOf(row)));
  const other = bank.grids.some((each) => each.rows !== grid.rows || each.columns !== grid.columns);
  return {
    ...(other && { promptGrids: bank.grids }),
    prompts: Int32Array.from(found, ({ prompt }) => prompt),
    patches: Int32Array.from(found, ({ patch }) => patch),
  };
}
