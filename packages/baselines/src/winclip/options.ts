import { choiceOption, numberOption } from "@inctrl/detect";

/** Options of methods that ask text. */
export const TEXT_OPTIONS = {
  ensemble: choiceOption(
    "winclip",
    "texts of a class: WinCLIP's 154 and 88, anomalib's 147 and 84, or a pair",
    ["winclip", "anomalib", "pair"],
  ),
  average: choiceOption("unit", "how texts' features are averaged: each at length 1, or as they are", [
    "unit",
    "raw",
  ]),
  temperature: numberOption(undefined, "divides cosines of images and texts", {
    ...{ least: 1e-4, defaultText: "the model's own, 0.01 where it names none" },
  }),
};

/** What anomalib takes of them. */
export const ANOMALIB_TEXT = { ensemble: "anomalib", average: "raw", temperature: 0.07 } as const;
