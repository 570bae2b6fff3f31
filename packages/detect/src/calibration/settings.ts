import { sha256 } from "@inctrl/datasets";
import type { FittedDetector } from "../detector.js";
import { detectorSettings } from "../evaluation/settings.js";
import { packRegion } from "../images/region.js";

/** What decides a verdict besides the detector and its prompts. */
export interface VerdictFacts {
  /** sha256 of the trained file; null without one. */
  readonly heads?: string | null;
  /** How the weights are held. Default float32. */
  readonly weights?: "float32" | "float16";
  /** What the images show, where a method is told. */
  readonly className?: string | null;
}

/** All that decides a verdict besides the bank, by name: a calibration holds for the very same alone. */
export async function verdictSettings(
  {
    detector,
    reading: { orientation },
    region,
    positions,
  }: Pick<FittedDetector, "detector" | "reading" | "region" | "positions">,
  { heads = null, weights = "float32", className = null }: VerdictFacts = {},
): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await detectorSettings(detector, { orientation, window: "auto" })),
    ...{ heads: heads ?? "none", weights },
    ...(className !== null && { class: className }),
    ...(positions && { positions: `${positions.how} ${positions.of.width}x${positions.of.height}` }),
    ...(region && { region: sha256().update(packRegion(region)).hex() }),
  };
}
