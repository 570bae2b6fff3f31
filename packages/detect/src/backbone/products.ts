import { gridSize, type ModelConfig, prefixTokens } from "@inctrl/clip";

/**
 * The matrix products of an image tower and of the nearest-patch search: [rows, inner size, columns] of each, for each batch
 * size. These are the shapes to give to `tuneProducts`.
 *
 * @param shots prompts of the search.
 * @example
 * await tuneProducts(device, towerProducts(findConfig("ViT-B-16-plus-240"), [1, 8], 4));
 */
export function towerProducts(
  { vision }: ModelConfig,
  batches: readonly number[],
  shots: number,
): [rows: number, inner: number, columns: number][] {
  const { width, mlpWidth, patch, swiglu } = vision;
  const patches = gridSize(vision) ** 2;
  return batches.flatMap((batch): [number, number, number][] => {
    const tokens = batch * (patches + prefixTokens(vision));
    return [
      [batch * patches, 3 * patch * patch, width],
      [tokens, width, 3 * width],
      [tokens, width, width],
      [tokens, width, swiglu ? 2 * mlpWidth : mlpWidth],
      [tokens, mlpWidth, width],
      [batch * patches, width, shots * patches],
    ];
  });
}
