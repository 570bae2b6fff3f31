import type { PreparedImage } from "@inctrl/clip";
import type { TapLayout } from "../backbone/backbone.js";
import { symmetricIndex, symmetricSize, symmetricView } from "./symmetries.js";

/** A prepared image, or one that was made of it: its pixels may then lie between whole values from 0 to 255. */
export type View = PreparedImage;

/**
 * How a detector wants its prompts beside the way they are, such as turned.
 *
 * @example
 * const mirrored: Augmentation = { name: "mirrored", count: 2, variant: (view, n) => (n === 0 ? view : symmetricView(view, 4)) };
 */
export interface Augmentation {
  /** Names it in banks and settings: all that decides the pixels. */
  readonly name: string;
  /** Number of variants, the view itself among them. */
  readonly count: number;
  /** A variant of a view; number 0 is the view itself. */
  variant(view: View, number: number): View;
  /** The patch of the view that a variant shows at a place. Default: the same place. */
  place?(number: number, place: number, grid: PatchGrid): number;
  /** The grid of a variant. Default: the view's own. */
  grid?(number: number, grid: PatchGrid): PatchGrid;
}

type PatchGrid = Pick<TapLayout, "rows" | "columns">;

/** The name of `symmetriesOf`. */
export const SYMMETRIES = "symmetries";

/** The first symmetries of a picture as variants. */
export const symmetriesOf = (count: number): Augmentation => ({
  ...{ name: SYMMETRIES, count, variant: symmetricView },
  place: (number, place, { rows, columns }) =>
    symmetricIndex(number, place, { width: columns, height: rows }),
  grid(number, { rows, columns }) {
    const { width, height } = symmetricSize(number, { width: columns, height: rows });
    return { rows: height, columns: width };
  },
});
