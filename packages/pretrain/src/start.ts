import { openWeights, readParameter, requireKeys } from "@inctrl/clip";
import { hashFile } from "@inctrl/datasets";
import type { nn } from "@inctrl/tensor";
import type { ModelPlan } from "./plan.js";

/** Trained weights that another training starts from. */
export interface Start {
  readonly sha256: string;
  readonly read: nn.ReadParameter;
  close(): Promise<void>;
}

/**
 * Opens trained weights.
 *
 * @throws ClipError where the tensors of the file are not those of the model.
 */
export async function openStart(path: string, { config }: ModelPlan): Promise<Start> {
  const weights = await openWeights(path);
  try {
    requireKeys(weights, config, { parts: "clip" });
    return {
      sha256: await hashFile(path),
      read: (name, _, into) => readParameter(weights, config, name, into),
      close: () => weights.close(),
    };
  } catch (error) {
    await weights.close();
    throw error;
  }
}
