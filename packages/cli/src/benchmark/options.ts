import { z } from "zod";
import { shotList } from "../commands/eval.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { oneOf, text, texts, whole } from "../options/values.js";
import { ENTRY_FORM, splitEntries } from "./entries.js";
import { PAPER_FIGURES, PAPER_TABLES } from "./paper.js";

/** Entries separated by commas, or a list of them. */
const entryList = z.preprocess(
  (value) => (typeof value === "string" ? splitEntries(value) : value),
  z.array(text, { error: "give a list of methods" }),
);

/** The options of `inctrl benchmark`. */
export const BENCHMARK = {
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
    out: shared.folder("where tables, the report and each draw as it finishes are written"),
    cache: shared.folder("keep features of images there; default: the user's cache"),
    cacheLimit: shared.cacheLimit,
  }),
  ...group("Many machines", {
    run: option(
      "<name>",
      "measure with many machines: put a job for each category into the queue, or with --shard measure a share; inctrl cluster merge makes the tables",
      text.optional(),
    ),
    runs: shared.runs,
    redis: shared.redis,
    shard: option(
      "<i/n>",
      "measure the i-th of n shares of the run's categories, from 1/n; auto is a Slurm array's task, auto/n an index of a Kubernetes job",
      text.optional(),
    ),
  }),
  ...shared.machine,
  ...group("Machine", { threads: shared.threads }),
};

export type BenchmarkSettings = Settings<typeof BENCHMARK>;

/** Settings of a comparison in this process. */
export type BenchmarkOptions = BenchmarkSettings & { readonly out: string };
