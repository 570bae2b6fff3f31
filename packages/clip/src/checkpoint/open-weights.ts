import { orClosed } from "@inctrl/tensor/files";
import { openCheckpoint } from "./open.js";
import { canonicalWeights, type OpenOptions, type Weights } from "./weights.js";

/**
 * Opens a checkpoint of any supported format and layout.
 *
 * @throws ClipError or TensorFileError.
 * @example
 * const weights = await openWeights("clip.pt")
 * weights.shape("visual.conv1.weight") // [768, 3, 32, 32]
 * await weights.close()
 */
export async function openWeights(path: string, options: OpenOptions = {}): Promise<Weights> {
  const file = await openCheckpoint(path);
  return orClosed(file, () => canonicalWeights(file, options));
}
