import { windowPatches } from "@inctrl/clip";
import { textScore } from "@inctrl/detect";
import {
  add,
  type Device,
  div,
  keep,
  matmul,
  maximum,
  max as maxOf,
  mul,
  reciprocal,
  reshape,
  scope,
  sub,
  sum,
  type Tensor,
  tensor,
  unsqueeze,
} from "@inctrl/tensor";

/** Windows are squares of so many patches a side (Jeong et al. 2023, section 4.2). */
export const SIDES = [2, 3] as const;

/** A text score below this counts for it, so that its reciprocal is finite in float32. */
const MIN_SCORE = 1e-30;
/** The same for residuals, whose own rounding is 6e-8: a window of a prompt itself has a residual of 0. */
const MIN_RESIDUAL = 1e-6;

/** Patches down and across. */
interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Which windows lie over which patches of a grid, and the means of windows' values that WinCLIP takes patch by patch.
 *
 * @example
 * using windows = new Windows(device, { rows: 15, columns: 15 });
 * const { map } = windows.zeroShot({ features, windows: [small, large] }, prototypes, 100);
 */
export class Windows {
  /** For each side a matrix of 0 and 1, [windows, patches], and how many windows lie over each patch, [patches]. */
  readonly #over: readonly { readonly mask: Tensor; readonly count: Tensor }[];

  /** @throws TensorError `argument` where a window does not fit into the grid. */
  constructor(device: Device, grid: Grid, sides: readonly number[] = SIDES) {
    const patches = grid.rows * grid.columns;
    this.#over = sides.map((side) => {
      const windows = windowPatches(grid, side);
      const mask = new Float32Array(windows.length * patches);
      for (const [row, own] of windows.entries()) for (const patch of own) mask[row * patches + patch] = 1;
      const made = keep(tensor(device, mask, [windows.length, patches]));
      return { mask: made, count: keep(scope(() => sum(made, 0))) };
    });
  }

  /**
   * The harmonic mean over the windows that hold a patch.
   *
   * @param values of the windows of each side, [views, windows]; those below `least` count for it.
   * @returns for each side [views, patches].
   */
  spread(values: readonly Tensor[], least: number): Tensor[] {
    return values.map((each, i) => {
      const { mask, count } = this.#over[i];
      return scope(() => div(count, matmul(reciprocal(maximum(each, least)), mask)));
    });
  }

  /**
   * Text scores of image and windows, and their harmonic mean patch by patch.
   *
   * @param seen class features of the images, [views, d], and of the windows of each side, [views, windows, d].
   * @param prototypes of normal and anomalous, [2, d].
   * @param scale multiplies cosines.
   */
  zeroShot(seen: WindowFeatures, prototypes: Tensor, scale: number): ZeroShot {
    return scope(() => {
      const image = textScore(seen.features, prototypes, scale);
      const windows = seen.windows.map((each) => {
        const [views, count, width] = each.shape;
        return reshape(textScore(reshape(each, [views * count, width]), prototypes, scale), [views, count]);
      });
      const maps = this.spread(windows, MIN_SCORE);
      const reciprocals = [unsqueeze(image, 1), ...maps].map((each) => reciprocal(maximum(each, MIN_SCORE)));
      return { image, windows, maps, map: div(reciprocals.length, total(reciprocals)) };
    });
  }

  /**
   * Residuals to the nearest window and patch of the prompts, and their mean patch by patch.
   *
   * @param similarity largest cosines of the windows of each side, [views, windows], and of the patches, [views, patches].
   */
  fewShot(similarity: { readonly windows: readonly Tensor[]; readonly patches: Tensor }): FewShot {
    return scope(() => {
      const windows = similarity.windows.map(residual);
      const patches = residual(similarity.patches);
      const maps = this.spread(windows, MIN_RESIDUAL);
      const map = mul(total([...maps, patches]), 1 / (maps.length + 1));
      return { windows, patches, maps, map, visual: maxOf(map, 1) };
    });
  }

  dispose(): void {
    for (const { mask, count } of this.#over) for (const each of [mask, count]) each.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Class features of images, [views, d], and of their windows of each side, [views, windows, d]. */
export interface WindowFeatures {
  readonly features: Tensor;
  readonly windows: readonly Tensor[];
}

export interface ZeroShot {
  /** Text scores, [views] and [views, windows]. */
  readonly image: Tensor;
  readonly windows: readonly Tensor[];
  /** Windows' scores on the patches, [views, patches]. */
  readonly maps: readonly Tensor[];
  /** Their harmonic mean with the image's score, [views, patches]. */
  readonly map: Tensor;
}

export interface FewShot {
  /** (1 - cosine) / 2, [views, windows] and [views, patches]. */
  readonly windows: readonly Tensor[];
  readonly patches: Tensor;
  /** Windows' residuals on the patches, [views, patches]. */
  readonly maps: readonly Tensor[];
  /** Their mean with the patches' own, [views, patches]. */
  readonly map: Tensor;
  /** Its largest entry, [views]. */
  readonly visual: Tensor;
}

const residual = (similarity: Tensor): Tensor => maximum(mul(sub(1, similarity), 0.5), 0);

const total = (parts: readonly Tensor[]): Tensor => parts.reduce((all, part) => add(all, part));
