import type { Detector, Encoder, Method } from "@inctrl/detect";
import { type InctrlOptions, inctrl, inctrlMethod } from "./inctrl.js";
import { residual, residualMethod } from "./residual.js";

/** Every method of this package. A new one is its file and a line here. */
export const METHODS: readonly Method[] = [inctrlMethod, residualMethod];

/** Options of all methods; each reads its own. */
export type DetectorOptions = InctrlOptions;

/** Every method by its name. A new one is its file and a line here. */
export const DETECTORS = {
  inctrl,
  residual,
} satisfies Record<string, (encoder: Encoder, options?: DetectorOptions) => Detector>;

export type DetectorName = keyof typeof DETECTORS;

/** The names of all methods. */
export const DETECTOR_NAMES = Object.keys(DETECTORS) as [DetectorName, ...DetectorName[]];

/**
 * Makes the detector of a name. Without one: `inctrl` where heads, text or other components than patches are asked for, else
 * `residual`.
 *
 * @throws what the method throws.
 * @example const detector = openDetector(new Encoder(backbone), { heads });
 */
export function openDetector(
  encoder: Encoder,
  { detector, text, ...options }: DetectorOptions & { detector?: DetectorName; text?: boolean },
): Detector {
  const { heads, components = [] } = options;
  const asksMore = heads !== undefined || text || components.some((name) => name !== "P");
  return DETECTORS[detector ?? (asksMore ? "inctrl" : "residual")](encoder, options);
}
