import { openWeights, parameterReader, requireKeys } from "@inctrl/clip";
import { hashFile } from "@inctrl/datasets";
import type { nn } from "@inctrl/tensor";
import { orClosed } from "@inctrl/tensor/files";
import type { ModelPlan } from "./plan.js";

/**
 * Opens trained weights that another training starts from.
 *
 * @throws ClipError where the tensors of the file are not those of the model.
 */
export async function openStart(path: string, { config }: ModelPlan) {
  const weights = await openWeights(path);
  return orClosed(weights, async () => {
    requireKeys(weights, config, { parts: "clip" });
    const read: nn.ReadParameter = parameterReader(weights, config);
    return { sha256: await hashFile(path), read, close: () => weights.close() };
  });
}
