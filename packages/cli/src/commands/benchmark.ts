import { z } from "zod";
import { ENTRY_FORM, splitEntries } from "../benchmark/entries.js";
import { PAPER_FIGURES, PAPER_TABLES } from "../benchmark/paper.js";
import { runBenchmark } from "../benchmark/run.js";
import { methodHelp } from "../methods.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { oneOf, text, texts, whole } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";
import { shotList } from "./eval.js";

export type BenchmarkOptions = Settings<typeof OPTIONS>;

/** Entries separated by commas, or a list of them. */
const entryList = z.preprocess(
  (value) => (typeof value === "string" ? splitEntries(value) : value),
  z.array(text, { error: "give a list of methods" }),
);

const OPTIONS = {
  ...group("Data", {
    data: option(
      "<specs...>",
      "data sets, each FORMAT:DIR, such as mvtec:DIR; `inctrl datasets` lists the formats",
      texts,
    ),
    category: shared.category,
    limit: option(
      "<N>",
      "at most N test images of each category, evenly spread over them",
      whole(2, 1e9).optional(),
      "all",
    ),
    ...shared.reading,
  }),
  ...group("Protocol", {
    methods: option(
      "<METHOD,...>",
      `what is compared, each ${ENTRY_FORM}; the methods stand below`,
      entryList.optional(),
      "with --paper, what its table needs, or residual for a figure",
    ),
    paper: option(
      "<what>",
      "a table of the paper, with its figures beside yours: table1 is AUROC, table2 AUPRC, table3 the ablations; or figure3, the patches that match, by the first method and K; or figure4, AUROC by the number of normal classes that prompts come from, at the largest K",
      oneOf(...PAPER_TABLES, ...PAPER_FIGURES).optional(),
    ),
    ablations: shared.folder("trainings of table 3, a folder for each"),
    images: option(
      "<id...>",
      "test images for figure3, as the data set calls them, or how their paths end",
      texts.optional(),
      "some anomalous ones of each category",
    ),
    shots: option("<K,...>", "numbers of prompts", shotList.default([2, 4, 8])),
    seeds: option("<N>", "draws of each K, with seeds 0, 1, ...", whole(1, 1000).default(3)),
    fit: option("<how>", shared.FIT_HELP, shared.fits.optional(), "crop, or as the method has it"),
  }),
  ...group("Model", {
    ...shared.backboneOfOld,
    heads: shared.heads("what comes with the program, where it fits"),
  }),
  ...group("Results", {
    out: option("<folder>", "where tables, the report and each draw as it finishes are written", text),
    cache: shared.folder("keep features of images there; default: the user's cache"),
    cacheLimit: shared.cacheLimit,
  }),
  ...shared.machine,
  ...group("Machine", { threads: shared.threads }),
};

/** `inctrl benchmark`: several methods on the same draws of the same prompts, in one table. */
export const benchmarkCommand = defineVerb({
  summary: "compare methods on data sets",
  description:
    "Measures several methods on the same draws of the same prompts, and says how sure their differences are.",
  options: OPTIONS,
  examples: `
Which method is best on these parts?
  inctrl benchmark --data folder:parts --backbone deit-tiny --methods residual,anomalydino,subspacead --out comparison

Several data sets in one table, and methods with settings, a trained file or a network of their own:
  inctrl benchmark --data brainmri:downloads/brain mvtec:downloads/mvtec --backbone deit-tiny --shots 4 --out comparison \\
    --methods 'residual?aggregate=top3,inctrl?heads=run/heads.safetensors,subspacead:paper@dinov2.safetensors'

Which patches of an image match which of the prompts'?
  inctrl benchmark --paper figure3 --data brainmri:downloads/brain --images yes/Y1.jpg --shots 2 --out figure`,
  notes: `
The same command with the same --out goes on where it was stopped. benchmark.csv has every figure with its deviation over the
draws, and the difference of each AUROC to the best with the 95% interval of a paired bootstrap. costs.csv has parameters,
arithmetic and the time of an image. With several data sets the tables have a column for each, the mean over its categories.

${methodHelp()}

Exit code 0: everything was measured; 2: some images were unreadable, or a category could not be measured;
1: the run failed; 130: Ctrl-C stopped it.`,
  run: (settings) => interruptible((signal) => runBenchmark(settings, signal)),
});
