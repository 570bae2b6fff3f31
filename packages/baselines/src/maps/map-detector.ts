import {
  type BankInfo,
  bankInfo,
  DetectError,
  type Detection,
  type Detector,
  type EncodedPrompt,
  type Encoder,
  type Features,
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
  dispose(): void;
}

/** A method that keeps tensors of its prompts and makes maps: what is its own about it. */
export interface MapMethod extends Pick<Detector, "name" | "encoder" | "augmentation"> {
  /** All that decides a score besides the encoder and the prompts. */
  readonly settings: Readonly<Record<string, string>>;
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
  const { name, encoder, augmentation } = method;
  const fitted = async (info: BankInfo, kept: Kept): Promise<FittedDetector> => {
    const free = (scoring?: MapScoring) => {
      scoring?.dispose();
      for (const each of Object.values(kept)) each.dispose();
    };
    try {
      const scoring = await method.prepare(kept);
      const dispose = () => free(scoring);
      return {
        ...{ detector, prompts: info.prompts, reading: readingOf(info), dispose, [Symbol.dispose]: dispose },
        score: (features) => score(info, scoring, features),
        save: (path, entries) => writeBank(path, info, kept, entries),
      };
    } catch (error) {
      free();
      throw error;
    }
  };
  const detector: Detector = {
    ...{ name, encoder, symmetries: 1, ...(augmentation && { augmentation }) },
    settings: async () => method.settings,
    fit: async (prompts) => {
      if (prompts.length === 0)
        throw new DetectError("shots", "there are no prompts; give at least one normal image");
      checkLayouts(encoder, prompts);
      const kept = scope(() => {
        const taps = encoder.layouts.map((layout, i) =>
          concat(prompts.map(({ rows }) => reshape(rows[i], [-1, patchesOf(layout), layout.width]))),
        );
        return method.keep(concat(prompts.map(({ features }) => features)), taps);
      });
      const variants = augmentation && { variants: augmentation };
      return fitted(bankInfo(encoder, prompts, { kind: name, ...variants }), kept);
    },
    load: async (path) => {
      const { info, tensors } = await readBank(path, encoder, name, ({ prompts }) => {
        const views = prompts.reduce((sum, prompt) => sum + prompt.views, 0);
        return new Map(Object.entries(method.shapes(views * (augmentation?.count ?? 1))));
      });
      return fitted(info, Object.fromEntries(tensors));
    },
  };
  return detector;
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
  const made = [score, map, ...Object.values(parts), ...(matches ? [matches.index] : [])];
  try {
    const [scores, pixels, ...rest] = await Promise.all(made.map((each) => each.data()));
    const [, rows, columns] = map.shape;
    return Array.from(scores as Float32Array, (value, view) => {
      const own = (values: { slice(from: number, to: number): unknown }, count: number) =>
        values.slice(view * count, (view + 1) * count);
      return {
        score: value,
        parts: Object.fromEntries(Object.keys(parts).map((name, i) => [name, rest[i][view] as number])),
        map: { rows, columns, values: own(pixels, rows * columns) as Float32Array },
        matches: matches
          ? matchesOf(info, own(rest[rest.length - 1], matches.index.shape[1]) as Int32Array, matches.grid)
          : null,
      };
    });
  } finally {
    for (const each of made) each.dispose();
  }
}

/** The prompts that patches, counted over all views, belong to, and their places there. */
function matchesOf({ prompts }: BankInfo, index: Int32Array, grid: Grid): MatchMap {
  const patches = grid.rows * grid.columns;
  const owners = prompts.flatMap(({ views }, prompt) => Array<number>(views).fill(prompt));
  const firsts = prompts.map((_, prompt) => owners.indexOf(prompt) * patches);
  const found = Int32Array.from(index, (place) => owners[Math.floor(place / patches)]);
  return { grid, prompts: found, patches: index.map((place, i) => place - firsts[found[i]]) };
}
