import {
  type BankInfo,
  bankInfo,
  DetectError,
  type Detection,
  type Detector,
  type EncodedPrompt,
  type Encoder,
  type Features,
  type FitOptions,
  type FittedDetector,
  type MatchMap,
  patchesOf,
  readBank,
  readingOf,
  writeBank,
} from "@inctrl/detect";
import { concat, reshape, scope, type Tensor } from "@inctrl/tensor";
import type { Grid } from "./grid.js";

/** Tensors by name. */
export type Kept = Readonly<Record<string, Tensor>>;

/** What a method makes of a batch, on the device. */
export interface MapOutput {
  /** [views]. */
  readonly score: Tensor;
  /** [views, height, width]. */
  readonly map: Tensor;
  /** Scores it is made of, by name, [views] each. */
  readonly parts?: Kept;
  /** For each patch of a grid the most similar patch of the prompts, int32 [views, patches], counted on from view to view. */
  readonly matches?: { readonly index: Tensor; readonly grid: Grid };
}

/** A method once it knows its prompts. */
export interface MapScoring {
  /** Records the scoring of a batch; runs in a scope. No view influences another. */
  run(features: Features): MapOutput;
  /** Frees what was made for these prompts, what is kept of them apart. */
  dispose?(): void;
}

/** A method that keeps tensors of its prompts and makes maps: what is its own about it. */
export interface MapMethod extends Pick<Detector, "name" | "encoder" | "augmentation" | "settings"> {
  /** Names what a file holds: the method, and what decides the tensors that it keeps. Default: the name. */
  readonly kind?: string;
  /** What is kept of texts about the images. @throws DetectError `class-name` where they ask what the images show and nobody says it. */
  texts?(about: FitOptions): Promise<Kept>;
  /** What is kept of prompts and saved; runs in a scope. @param taps [views, patches, width] each, of all prompts' views and variants. */
  keep(features: Tensor, taps: readonly Tensor[]): Kept;
  /** Shapes of what is kept of so many views. */
  shapes(views: number): Readonly<Record<string, readonly number[]>>;
  /** @throws DetectError `bank` where they were kept with other settings. */
  prepare(kept: Kept): MapScoring | Promise<MapScoring>;
}

/**
 * A detector from a method that keeps tensors of its prompts: it encodes, saves and loads them, and reads its maps.
 *
 * @example
 * const detector = mapDetector({ name: "spade", encoder, settings, keep, shapes, prepare });
 */
export function mapDetector(method: MapMethod): Detector {
  const { name, kind = name, encoder, augmentation, settings } = method;
  const fitted = async (info: BankInfo, kept: Kept): Promise<FittedDetector> => {
    try {
      const scoring = await method.prepare(kept);
      const dispose = () => {
        scoring.dispose?.();
        free(kept);
      };
      return {
        ...{ detector, prompts: info.prompts, reading: readingOf(info), dispose, [Symbol.dispose]: dispose },
        score: (features) => score(info, scoring, features),
        save: (path, entries) => writeBank(path, info, kept, entries),
      };
    } catch (error) {
      free(kept);
      throw error;
    }
  };
  const detector: Detector = {
    ...{ name, encoder, symmetries: 1, settings, ...(augmentation && { augmentation }) },
    fit: async (prompts, about = {}) => {
      if (prompts.length === 0)
        throw new DetectError("shots", "there are no prompts; give at least one normal image");
      checkLayouts(encoder, prompts);
      const texts = (await method.texts?.(about)) ?? {};
      const keep = () => {
        const taps = encoder.layouts.map((layout, i) =>
          concat(prompts.map(({ rows }) => reshape(rows[i], [-1, patchesOf(layout), layout.width]))),
        );
        return method.keep(concat(prompts.map(({ features }) => features)), taps);
      };
      let kept: Kept;
      try {
        kept = { ...texts, ...scope(keep) };
      } catch (error) {
        free(texts);
        throw error;
      }
      const variants = augmentation && { variants: augmentation };
      return fitted(bankInfo(encoder, prompts, { kind, ...variants }), kept);
    },
    load: async (path) => {
      const { info, tensors } = await readBank(path, encoder, kind, ({ prompts }) => {
        const views = prompts.reduce((sum, prompt) => sum + prompt.views, 0);
        return new Map(Object.entries(method.shapes(views * (augmentation?.count ?? 1))));
      });
      return fitted(info, Object.fromEntries(tensors));
    },
  };
  return detector;
}

function free(kept: Kept): void {
  for (const each of Object.values(kept)) each.dispose();
}

/** Throws DetectError `views` where prompts have other grids than the encoder's square. */
function checkLayouts({ layouts }: Encoder, prompts: readonly EncodedPrompt[]): void {
  for (const { name, layouts: own } of prompts)
    for (const [i, { rows, columns }] of layouts.entries()) {
      if (own[i].rows === rows && own[i].columns === columns) continue;
      const [got, want] = [`${own[i].rows} x ${own[i].columns}`, `${rows} x ${columns}`];
      throw new DetectError(
        "views",
        `${name}: has ${got} patches, and this method takes ${want}; crop or squash images to squares`,
      );
    }
}

async function score(info: BankInfo, scoring: MapScoring, features: Features): Promise<Detection[]> {
  const { score, map, parts = {}, matches } = scope(() => scoring.run(features));
  // A tensor that has two names is read once.
  const tensors = new Set([score, map, ...Object.values(parts), ...(matches ? [matches.index] : [])]);
  try {
    const read = new Map(
      await Promise.all([...tensors].map(async (each) => [each, await each.data()] as const)),
    );
    const [views, rows, columns] = map.shape;
    const ownOf = <T extends Float32Array | Int32Array>(each: Tensor, view: number): T => {
      const count = each.shape.slice(1).reduce((a, b) => a * b, 1);
      return read.get(each)!.slice(view * count, (view + 1) * count) as T;
    };
    return Array.from({ length: views }, (_, view) => ({
      score: read.get(score)![view],
      parts: Object.fromEntries(Object.entries(parts).map(([name, each]) => [name, read.get(each)![view]])),
      map: { rows, columns, values: ownOf(map, view) },
      matches: matches
        ? {
            ...matchesOf(info, ownOf(matches.index, view), matches.grid),
            ...((matches.grid.rows !== rows || matches.grid.columns !== columns) && { grid: matches.grid }),
          }
        : null,
    }));
  } finally {
    for (const each of tensors) each.dispose();
  }
}

/** The prompts that patches, counted over all views, belong to, and their places there. */
function matchesOf({ prompts }: BankInfo, index: Int32Array, { rows, columns }: Grid): MatchMap {
  const patches = rows * columns;
  const owners = prompts.flatMap(({ views }, prompt) => Array<number>(views).fill(prompt));
  const firsts = prompts.map((_, prompt) => owners.indexOf(prompt) * patches);
  const found = Int32Array.from(index, (place) => owners[Math.floor(place / patches)]);
  return { prompts: found, patches: index.map((place, i) => place - firsts[found[i]]) };
}
