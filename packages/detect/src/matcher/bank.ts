import {
  concat,
  keep,
  mean,
  normalize,
  type PackedMatrix,
  packBank,
  reshape,
  scope,
  slice,
  type Tensor,
} from "@inctrl/tensor";
import { patchesOf, type TapLayout } from "../backbone/backbone.js";
import type { Encoder } from "../encoder/encoder.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import { DetectError } from "../errors.js";
import { type Augmentation, symmetriesOf } from "../images/augmentation.js";
import type { Positions } from "../images/positions.js";
import type { ImageRegion } from "../images/region.js";
import type { BankEntries } from "./amend.js";
import {
  bankInfo,
  bankShapes,
  type LearntShapes,
  promptLayouts,
  readBank,
  readingOf,
  writeBank,
} from "./bank-file.js";
import type { BankInfo, PromptRecord } from "./bank-info.js";
import { averageNeighbours } from "./neighbours.js";
import { blocksAt } from "./rows.js";

/** What a method keeps in a bank beside the patches. */
export interface MethodState {
  /** All that decides its score, where that is not the nearest patch as the paper has it. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What it learnt of the prompts, by name. */
  readonly learnt?: Readonly<Record<string, Tensor>>;
  /** Which parts of images count. Default: all. */
  readonly region?: ImageRegion;
  /** Whether tiles are compared by their place. Default: each with all. */
  readonly positions?: Positions;
}

/**
 * K normal images as features: the normalised patches of the taps, ready for the nearest-patch search, and the class
 * features. Scoring reads the bank and never the images again.
 *
 * @example
 * const bank = PromptBank.of(encoder, await encodePrompts(encoder, fileImages(paths)));
 * await bank.save("product.bank.safetensors");
 */
export class PromptBank {
  readonly info: BankInfo;
  readonly #variants: Augmentation;
  /** Of each prompt the grid of the deepest tap, which tells matches. */
  readonly grids: readonly TapLayout[];
  /** Class features of each prompt, [views, embedDim]. */
  readonly #features: readonly Tensor[];
  /** Normalised patches of each tap, of one prompt after another. */
  readonly #rows: readonly (readonly Tensor[])[];
  readonly #layouts: readonly (readonly TapLayout[])[];
  /** What a method learnt of the prompts beside their patches, by name. */
  readonly learnt: Readonly<Record<string, Tensor>>;
  #joined: Tensor | null = null;
  #centre: Tensor | null = null;
  #packed: readonly PackedMatrix[] | null = null;
  #averaged: readonly PackedMatrix[] | null = null;
  #tiles: readonly (readonly PackedMatrix[])[] | null = null;

  private constructor(
    info: BankInfo,
    encoder: Encoder,
    variants: Augmentation,
    features: readonly Tensor[],
    rows: readonly (readonly Tensor[])[],
    learnt: Readonly<Record<string, Tensor>>,
  ) {
    this.info = info;
    this.#variants = variants;
    this.#layouts = info.prompts.map((prompt) => promptLayouts(prompt, encoder));
    this.grids = this.#layouts.map((layouts) => layouts[encoder.taps.length - 1]);
    this.learnt = learnt;
    this.#features = features;
    this.#rows = rows;
  }

  /**
   * A bank of encoded prompts, which it shares: either may be disposed of first.
   *
   * @param variants those that the prompts were encoded in, or how many symmetries.
   * @param own what a method keeps beside the patches; its tensors become the bank's.
   * @throws DetectError `shots` without prompts.
   */
  static of(
    encoder: Encoder,
    prompts: readonly EncodedPrompt[],
    variants: Augmentation | number = 1,
    { settings, learnt = {}, region, positions }: MethodState = {},
  ): PromptBank {
    if (prompts.length === 0)
      throw new DetectError("shots", "there are no prompts; give at least one normal image");
    const made = typeof variants === "number" ? symmetriesOf(variants) : variants;
    const info = bankInfo(encoder, prompts, { variants: made, settings, region, positions });
    const share = (t: Tensor) => t.view(t.shape);
    const features = prompts.map((prompt) => share(prompt.features));
    const rows = encoder.taps.map((_, tap) => prompts.map((prompt) => share(prompt.rows[tap])));
    return new PromptBank(info, encoder, made, features, rows, learnt);
  }

  /**
   * Loads a saved bank.
   *
   * @param augmentation of its prompts, where they are no symmetries.
   * @param learnt shapes of what a method has learnt, by name.
   * @throws DetectError `bank` for other files, and for those of another encoder or other prompts.
   */
  static async load(
    path: string,
    encoder: Encoder,
    augmentation?: Augmentation,
    learnt: LearntShapes = {},
  ): Promise<PromptBank> {
    const { info, tensors } = await readBank(path, encoder, undefined, (info) =>
      bankShapes(path, info, encoder, augmentation, learnt),
    );
    const [features, ...rows] = [...tensors.values()].slice(0, 1 + info.blocks.length);
    const known = Object.keys(learnt).map((name) => [name, tensors.get(name) as Tensor] as const);
    return new PromptBank(
      info,
      encoder,
      augmentation ?? symmetriesOf(info.turns ?? 1),
      [features],
      rows.map((each) => [each]),
      Object.fromEntries(known),
    );
  }

  get prompts(): readonly PromptRecord[] {
    return this.info.prompts;
  }

  /** K. */
  get shots(): number {
    return this.info.prompts.length;
  }

  /** Symmetries of the square that each view is held in. */
  get symmetries(): number {
    return this.info.turns ?? 1;
  }

  /** Class features of all views as they are, [views, embedDim]. */
  get features(): Tensor {
    this.#joined ??= keep(scope(() => concat(this.#features)));
    return this.#joined;
  }

  /** The mean of the class features at length 1, itself at length 1, [embedDim]. */
  get centre(): Tensor {
    this.#centre ??= keep(scope(() => normalize(mean(normalize(this.features), 0))));
    return this.#centre;
  }

  /** One packed bank for each tap; rows prompt by prompt, view by view, symmetry by symmetry, patch by patch. */
  get blocks(): readonly PackedMatrix[] {
    this.#packed ??= this.#rows.map((rows) => keep(scope(() => packBank(concat(rows)))));
    return this.#packed;
  }

  /** `blocks` of each tap tile by tile, rows prompt by prompt: of prompts of one size. */
  get tiles(): readonly (readonly PackedMatrix[])[] {
    this.#tiles ??= this.#rows.map((rows) =>
      scope(() => {
        const joined = concat(rows);
        const { views } = this.prompts[0];
        return Array.from({ length: views }, (_, place) =>
          keep(packBank(blocksAt(joined, this.shots, views, place))),
        );
      }),
    );
    return this.#tiles;
  }

  /** The row of `blocks` that is a row of a tile. @param row times the number of tiles, plus the tile's own number. */
  rowInTiles(row: number): number {
    const { views } = this.prompts[0];
    const rows = this.#variants.count * patchesOf(this.grids[0]);
    const [tile, own] = [row % views, Math.floor(row / views)];
    return (Math.floor(own / rows) * views + tile) * rows + (own % rows);
  }

  /**
   * Of each tap the mean over all views of their patches place by place, as the images are and in no other symmetry, [patches, width].
   * Prompts must have one grid. The caller frees them.
   */
  meanPatches(): Tensor[] {
    const { count } = this.#variants;
    const patches = patchesOf(this.grids[0]);
    return this.#rows.map((rows) =>
      scope(() => {
        const joined = concat(rows);
        const [all, width] = joined.shape;
        const own = blocksAt(joined, all / (count * patches), count, 0);
        return mean(reshape(own, [-1, patches, width]), 0);
      }),
    );
  }

  /** `blocks` of patches averaged over their neighbours, each in the grid of its own variant. */
  get averaged(): readonly PackedMatrix[] {
    this.#averaged ??= this.#rows.map((rows, tap) =>
      keep(scope(() => packBank(this.#average(concat(rows), tap)))),
    );
    return this.#averaged;
  }

  #average(rows: Tensor, tap: number): Tensor {
    const { count, grid: gridOf } = this.#variants;
    const width = rows.shape[1];
    let at = 0;
    const parts = this.prompts.flatMap(({ views }, prompt) => {
      const layout = this.#layouts[prompt][tap];
      const patches = patchesOf(layout);
      // Variants of a square have one grid, and are averaged at once.
      const together = layout.rows === layout.columns ? count : 1;
      return Array.from({ length: (views * count) / together }, (_, shown) => {
        const some = slice(rows, [[at, at + together * patches]]);
        at += together * patches;
        const grid = gridOf?.((shown * together) % count, layout) ?? layout;
        const found = averageNeighbours(reshape(some, [together, patches, width]), grid);
        return reshape(found, some.shape);
      });
    });
    return concat(parts);
  }

  /** The prompt that a row of `blocks` belongs to, and its patch there, counted on from view to view. */
  locate(row: number): { prompt: number; patch: number } {
    const { count, place } = this.#variants;
    const rowsOf = (prompt: number) => this.prompts[prompt].views * count * patchesOf(this.grids[prompt]);
    let [prompt, at] = [0, row];
    while (prompt < this.shots - 1 && at >= rowsOf(prompt)) at -= rowsOf(prompt++);
    const patches = patchesOf(this.grids[prompt]);
    const shown = Math.floor(at / patches);
    const patch = place?.(shown % count, at % patches, this.grids[prompt]) ?? at % patches;
    return { prompt, patch: Math.floor(shown / count) * patches + patch };
  }

  /** The prompts as they were encoded. The caller frees them. */
  encoded(): EncodedPrompt[] {
    const joined = this.#rows.map((rows) => scope(() => concat(rows)));
    const starts = joined.map(() => 0);
    let view = 0;
    const prompts = this.prompts.map(({ name, sha256, views }, i): EncodedPrompt => {
      const layouts = this.#layouts[i];
      const features = scope(() => slice(this.features, [[view, view + views]]));
      view += views;
      const rows = joined.map((all, tap) => {
        const end = starts[tap] + views * this.#variants.count * patchesOf(layouts[tap]);
        const own = scope(() => slice(all, [[starts[tap], end]]));
        starts[tap] = end;
        return own;
      });
      const dispose = () => {
        for (const each of [features, ...rows]) each.dispose();
      };
      const { of } = this.info.positions ?? {};
      return { name, sha256, views, reading: readingOf(this.info), features, rows, layouts, of, dispose };
    });
    for (const each of joined) each.dispose();
    return prompts;
  }

  /** Writes the bank as one safetensors file, whole or not at all. @param entries further entries of its metadata. */
  async save(path: string, entries?: BankEntries): Promise<void> {
    const joined = this.#rows.map((rows) => scope(() => concat(rows)));
    try {
      const blocks = this.info.blocks.map((block, i) => [`block.${block}`, joined[i]]);
      const tensors = { features: this.features, ...Object.fromEntries(blocks), ...this.learnt };
      await writeBank(path, this.info, tensors, entries);
    } finally {
      for (const each of joined) each.dispose();
    }
  }

  /** Frees the bank; prompts that it was made of stay. */
  dispose(): void {
    const packed = [...(this.#packed ?? []), ...(this.#averaged ?? []), ...(this.#tiles ?? []).flat()];
    const held = [...this.#features, ...this.#rows.flat(), ...packed, ...Object.values(this.learnt)];
    for (const each of [...held, this.#joined, this.#centre]) each?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
