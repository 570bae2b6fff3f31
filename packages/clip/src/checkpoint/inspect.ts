import { sizeOf } from "@inctrl/tensor";
import type { ModelConfig } from "../config/types.js";
import { checkKeys, type KeyReport } from "./check.js";
import { chooseConfig } from "./choose.js";
import { openWeights } from "./open-weights.js";
import type { OpenOptions, Weights } from "./weights.js";

/** Contents of a weights file, and its differences from a model of `config`. */
export interface WeightsReport extends KeyReport {
  readonly format: Weights["file"]["format"];
  readonly layout: Weights["layout"];
  readonly dtype: Weights["dtype"];
  readonly tensors: number;
  /** Values in all tensors that a model may use. */
  readonly parameters: number;
  /** Names that are left out when a model is loaded. */
  readonly ignored: readonly string[];
  readonly config: ModelConfig;
  /** What was guessed or chosen, a line each. */
  readonly notes: readonly string[];
  /** The file makes a model of `config`: nothing is missing, unexpected or of another shape. */
  readonly fits: boolean;
}

/**
 * Describes a weights file without reading its values.
 *
 * @param options.config the model to compare it with, its name, or its JSON file. Default: what `chooseConfig` finds.
 * @throws ClipError where the file is no checkpoint, or no configuration can be deduced from it.
 * @example
 * const { fits, missing } = await inspectWeights("model.safetensors");
 */
export async function inspectWeights(
  path: string,
  { config: wanted, ...options }: OpenOptions & { config?: ModelConfig | string } = {},
): Promise<WeightsReport> {
  await using weights = await openWeights(path, options);
  const { config: compared, notes } =
    typeof wanted === "object" ? { config: wanted, notes: [] } : await chooseConfig(weights, wanted);
  const report = checkKeys(weights, compared, { parts: compared.text ? "clip" : "vision" });
  let parameters = 0;
  for (const { shape } of weights.keys.values()) parameters += sizeOf(shape);
  return {
    format: weights.file.format,
    layout: weights.layout,
    dtype: weights.dtype,
    tensors: weights.file.tensors.size,
    parameters,
    ignored: weights.ignored,
    config: compared,
    notes: [...weights.notes, ...notes],
    fits: report.missing.length + report.unexpected.length + report.misshaped.length === 0,
    ...report,
  };
}
