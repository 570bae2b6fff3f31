import type { Reading } from "@inctrl/datasets";
import type { Detector } from "../detector.js";
import type { WindowRequest } from "../images/window.js";
import type { Settings } from "./types.js";

/** How images become pixels, as far as it is chosen. */
export interface ReadingRequest extends Pick<Reading, "orientation"> {
  readonly window: WindowRequest;
}

/** All that decides a detector's scores besides images and prompts, by name. The names are part of files' formats. */
export async function detectorSettings(
  detector: Detector,
  { orientation, window }: ReadingRequest,
): Promise<Settings> {
  const { backbone, taps, preprocess, fit, cached, raw } = detector.encoder;
  return {
    backbone: backbone.fingerprint,
    blocks: taps.join(),
    preprocessing: JSON.stringify(preprocess),
    fit,
    ...(detector.symmetries > 1 && { "prompt turns": String(detector.symmetries) }),
    ...(detector.augmentation && { augmentation: detector.augmentation.name }),
    ...(cached && !raw && { features: "kept in float16" }),
    ...(orientation && { orientation }),
    ...(window !== "auto" && { window: typeof window === "string" ? window : window.join(":") }),
    ...(await detector.settings()),
  };
}
