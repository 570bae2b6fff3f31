import { defineMethod } from "@inctrl/detect";
import { ANOMALIB_TEXT, TEXT_OPTIONS } from "../winclip/options.js";
import { requireText } from "../winclip/winclip.js";
import { clipTextDetector } from "./clip-text.js";

export const clipText = defineMethod({
  name: "clip-text",
  title: "CLIP's text score alone (Radford et al. 2021), zero-shot, by WinCLIP's texts",
  options: TEXT_OPTIONS,
  presets: { paper: {}, released: {}, anomalib: ANOMALIB_TEXT },
  zeroShot: () => true,
  input(backbone) {
    requireText("clip-text", backbone);
    return {};
  },
  create: clipTextDetector,
});
