import { CALIBRATION_DEFAULTS } from "@inctrl/detect";
import { runCalibrate } from "../calibrate/run.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { share, text, texts } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

export type CalibrateOptions = Settings<typeof OPTIONS>;

const OPTIONS = {
  ...group("Images", {
    bank: option("<file>", "the bank, which keeps the line", text),
    normals: option("<paths...>", "good images that are no prompts: files, or folders of them", texts),
    anomalies: shared.paths("bad images, which tell how many of their kind the line finds"),
    group: option(
      "<regex>",
      "images of one part count as one: what the expression finds in a path, or its first group, names the part",
      text.optional(),
    ),
    fit: option("<how>", shared.FIT_HELP, shared.fits.optional(), "as the bank was made"),
    ...shared.readingOfFiles,
  }),
  ...group("Line", {
    falseAlarms: shared.falseAlarms,
    review: option(
      "<share>",
      "parts that are not flagged are to be looked at where so few good parts score higher",
      share("from 0").default(CALIBRATION_DEFAULTS.review),
      "5%",
    ),
  }),
  ...group("Model", shared.scoringModel),
  json: shared.json,
  ...shared.scoringMachine,
};

/** `inctrl calibrate`: from scores to verdicts. */
export const calibrateCommand = defineVerb({
  summary: "set the line between good and bad parts",
  description:
    "Scores good images that are no prompts and sets the line above which a part is flagged, so that no more good parts are flagged than you allow. The bank keeps it, and score then says OK, REVIEW or NG.",
  options: OPTIONS,
  examples: `
Flag at most one good part of a hundred:
  inctrl calibrate --bank part.bank.safetensors --normals more-good/

Three photos of each part, called 0017-front.png, 0017-left.png and so on; and how many scratches are found:
  inctrl calibrate --bank part.bank.safetensors --normals more-good/ --group '(\\d+)-' --anomalies scratches/`,
  notes: `
The line is set by split conformal prediction: a part is flagged where at most the share that you allow of the good parts, itself among
them, scores as high. 99 good parts allow 1%; with fewer the line is provisional, which every verdict says. The method, its heads and
settings must be those of score.

Exit code 0: the bank has its line; 2: so, but some images were unreadable; 1: the run failed; 130: Ctrl-C stopped it.`,
  run: (settings) => interruptible((signal) => runCalibrate(settings, signal)),
});
