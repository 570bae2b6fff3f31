import { add, mean, mul, nearest, type PackedMatrix, scope, stack, type Tensor } from "@inctrl/tensor";

/** The patch residuals of a batch of images against a bank. */
export interface Residuals {
  /** Per tapped block, 0.5 (1 - cosine to the nearest prompt patch), [batch, blocks, patches]. */
  layers: Tensor;
  /** M, their mean over the blocks, [batch, patches] (paper, eq. 3). */
  map: Tensor;
  /** The matched bank row of the deepest tapped block, int32 [batch, patches]. */
  matches: Tensor<"int32">;
}

/**
 * Compares each image's patches with all prompt patches, block by block. Images never see one another: every row is searched
 * on its own.
 *
 * @param taps raw block outputs without CLS, [batch, patches, width] each.
 * @param banks one packed bank a block, rows prompt by prompt.
 */
export function patchResiduals(taps: readonly Tensor[], banks: readonly PackedMatrix[]): Residuals {
  return scope(() => {
    const found = taps.map((tap, i) => nearest(tap, banks[i]));
    const layers = stack(
      found.map(({ similarity }) => add(mul(similarity, -0.5), 0.5)),
      1,
    );
    return { layers, map: mean(layers, 1), matches: found[found.length - 1].index };
  });
}
