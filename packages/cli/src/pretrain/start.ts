import { openWeights, readParameter, requireKeys } from "@inctrl/clip";
import { hashFile } from "@inctrl/datasets";
import type { nn } from "@inctrl/tensor";
import type { Plan } from "./model.js";

/** A trained model whose values are the first of another training. */
export interface Start {
  readonly sha256: string;
  readonly read: nn.ReadParameter;
  close(): Promise<void>;
}

/** @throws ClipError where the file's tensors are not those of the model that is to be trained. */
export async function openStart(path: string, { config }: Plan): Promise<Start> {
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
