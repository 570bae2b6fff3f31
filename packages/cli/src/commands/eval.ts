import { z } from "zod";
import { runEval } from "../eval/run.js";
import { methodHelp } from "../methods.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { text, whole, wholeList } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

export const shotList = wholeList(1, 999_999, "1,2,4,8");

export type EvalOptions = Settings<typeof OPTIONS>;

const OPTIONS = {
  ...group("Data", {
    data: option("<spec>", "FORMAT:DIR, such as mvtec:DIR; `inctrl datasets` lists the formats", text),
    category: shared.category,
    ...shared.reading,
  }),
  ...group("Protocol", {
    shots: option("<K,...>", "numbers of prompts", shotList.default([2, 4, 8])),
    seeds: option(
      "<N>",
      "draws of each K, with seeds 0, 1, ...; 0 takes the first K by name",
      whole(0, 1000).default(3),
    ),
    fewShot: shared.folder(
      "draw the prompts from the lists <category>.pt there, as the released code has them",
    ),
    calibration: option(
      "<N>",
      "set a line with up to N good training images that are no prompts, as `inctrl calibrate` does, and count false alarms and misses",
      whole(1, 1e6).optional(),
    ),
    falseAlarms: shared.falseAlarms,
    fit: option("<how>", shared.FIT_HELP, shared.fits.optional(), "crop, or as the method has it"),
  }),
  ...group("Model", {
    ...shared.backboneOfOld,
    heads: shared.heads("nano's own, with nano and --method inctrl or --class"),
    class: option("<name>", "what texts call the product", text.optional(), "as the data set says"),
    components: option(
      "<P,I,T>",
      "parts of the score: P patches, I image, T text; I needs --heads",
      text.optional(),
      "all that the model has",
    ),
    aggregate: option(
      "<max|topK>",
      "s_p of a map: its maximum, or the mean of its K largest values",
      text.optional(),
      "max",
    ),
    ...shared.method,
    alpha: shared.alpha,
    symmetries: shared.symmetries,
    dtype: shared.dtype,
    runtime: shared.runtime,
  }),
  ...group("Results", {
    out: shared.folder("save results.json, .csv, .md and report.html there, and each draw as it finishes"),
    cache: option(
      "[folder]",
      "keep features of images, and use those that train or an earlier run kept (float16)",
      z.union([text, z.literal(true)]).optional(),
    ),
    cacheLimit: shared.cacheLimit,
  }),
  ...shared.machine,
  ...group("Machine", {
    batch: option(
      "<N>",
      "images encoded together; the results do not depend on it",
      whole(1, 1024).default(8),
    ),
    threads: shared.threads,
  }),
};

/** `inctrl eval`: a data set in, AUROC and AUPRC with their deviation over prompt draws out. */
export const evalCommand = defineVerb({
  summary: "measure a model on a data set",
  description: "Measures how well K normal images tell a data set's test images apart, over several draws.",
  options: OPTIONS,
  examples: `
Measure 2, 4 and 8 normal images on a data set:
  inctrl eval --data brainmri:downloads/brain --backbone deit-tiny --out results/brain

Two categories of MVTec AD with trained heads, and then one part of the model by itself:
  inctrl eval --data mvtec:downloads/mvtec --category screw,leather --backbone clip.pt \\
    --heads trained.pyth --shots 2,4,8 --out results/full
  inctrl eval --data mvtec:downloads/mvtec --backbone clip.pt --heads trained.pyth \\
    --components I --shots 2,4,8 --out results/image-level

How many good parts does a line of 99 good images flag, and how many bad ones does it miss?
  inctrl eval --data brainmri:downloads/brain --shots 4 --calibration 99 --false-alarms 5%`,
  notes: `
${methodHelp()}

The same command with the same --out continues a run that was stopped; K, seeds and categories may be added then.
Exit code 0: everything was measured; 2: some images were unreadable, or a category could not be measured;
1: the run failed; 130: Ctrl-C stopped it.`,
  run: (settings) => interruptible((signal) => runEval(settings, signal)),
});
