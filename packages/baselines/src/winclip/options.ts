import { option } from "@inctrl/detect";

/** Options of methods that ask text. */
export const TEXT_OPTIONS = {
  ensemble: option.choice(
    "winclip",
    "texts of a class: WinCLIP's 154 and 88, anomalib's 147 and 84, or a pair",
    ["winclip", "anomalib", "pair"],
  ),
  average: option.choice("unit", "how texts' features are averaged: each at length 1, or as they are", [
    "unit",
    "raw",
  ]),
  temperature: option.number(undefined, "divides cosines of images and texts", {
    ...{ least: 1e-4, defaultText: "the model's own, 0.01 where it names none" },
  }),
};

/** What anomalib takes of them. */
export const ANOMALIB_TEXT = { ensemble: "anomalib", average: "raw", temperature: 0.07 } as const;
