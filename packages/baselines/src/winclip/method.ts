import { defineMethod, option } from "@inctrl/detect";
import { ANOMALIB_TEXT, TEXT_OPTIONS } from "./options.js";
import { winclipDetector, windowInput } from "./winclip.js";

export const winclip = defineMethod({
  name: "winclip",
  title: "WinCLIP (Jeong et al. 2023): texts and nearest prompts, asked about windows of patches",
  options: {
    ...TEXT_OPTIONS,
    patchTokens: option.choice("raw", "patches of the last block as they are, or after the final norm", [
      "raw",
      "ln_post",
    ]),
    mode: option.choice("few-shot", "few-shot: texts and prompts; zero-shot: texts alone", [
      "few-shot",
      "zero-shot",
    ]),
  },
  presets: { paper: {}, released: {}, anomalib: { ...ANOMALIB_TEXT, patchTokens: "ln_post" } },
  zeroShot: ({ mode }) => mode === "zero-shot",
  input: (backbone, { patchTokens }) => windowInput("winclip", backbone, patchTokens),
  create: winclipDetector,
});
