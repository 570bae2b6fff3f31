import { POSITIONS } from "@inctrl/detect";
import { z } from "zod";
import { methodHelp } from "../methods.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { flag, oneOf, text, texts, whole } from "../options/values.js";
import { FORMATS } from "../output/formats.js";
import { TRACE_FILE } from "../score/profile.js";
import { runScore } from "../score/run.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

export type ScoreOptions = Settings<typeof OPTIONS>;

const OPTIONS = {
  ...group("Normal images", {
    prompts: shared.paths("normal images: files, folders of them, or a few-shot list (.pt)"),
    shots: option("<K>", "use K of the prompts, the first by name", whole(1).optional(), "all"),
    seed: option("<S>", "draw the K prompts at random with this seed", shared.seedValue.optional()),
    bank: shared.file("use prompts saved before, in place of --prompts"),
    bankPrompts: shared.folder("the folder of a bank's prompts, which panels show beside the images"),
    saveBank: shared.file("save the encoded prompts for --bank"),
    roi: option(
      "<parts...>",
      "look at these parts of each image alone, which the bank keeps: boxes x,y,width,height in pixels of the prompts or in percent, or masks, white where it counts",
      texts.optional(),
      "all of it",
    ),
    ignore: option("<parts...>", "parts that are left out of account, as --roi names them", texts.optional()),
  }),
  ...group("Images", {
    images: shared.paths("images to score: files, or folders of them"),
    recursive: option("", "take images of subfolders too", flag.optional(), {
      byDefault: "where a folder has no images of its own",
      no: "take the images of the given folders alone",
    }),
    fit: option(
      "<how>",
      shared.FIT_HELP,
      shared.fits.optional(),
      "crop, or as the method or the bank has it",
    ),
    tile: option(
      "<N>",
      "cut images into squares of N of their own pixels, both ways, so that small defects of large images are seen",
      whole(16, 65_536).optional(),
      "none, or as the bank was made",
    ),
    overlap: option(
      "<M>",
      "pixels that such tiles have in common with the next one, at least",
      whole(0, 65_535).optional(),
      "an eighth of the tile",
    ),
    positions: option(
      "<which>",
      "compare a tile with the prompts' tiles at its own place alone (same), or at the places around it too (near): for a fixed camera, whose images have one size",
      oneOf(...POSITIONS).optional(),
      "with all tiles, or as the bank was made",
    ),
    ...shared.readingOfFiles,
    strict: option("", "stop at the first unreadable image instead of skipping it", flag.optional()),
  }),
  ...group("Model", shared.scoringModel),
  ...group("Results", {
    format: option(
      "<name>",
      "how to write results: table, json, jsonl or csv; regions for labelling programs: coco, label-studio",
      oneOf(...FORMATS).default("table"),
    ),
    out: shared.file("write results to a file instead of standard output"),
    heatmaps: shared.folder("draw a heat map and a panel of each image there"),
    exitVerdict: option(
      "",
      "exit with 3 where a part is not good, and with 4 where one is to be looked at",
      flag.default(false),
    ),
  }),
  ...group("Many machines", {
    shard: option(
      "<i/n>",
      "score the i-th of n shares of a run, from 1/n; auto is a Slurm array's task, auto/n an index of a Kubernetes job. inctrl cluster merge joins them",
      text.optional(),
    ),
    run: option("<name>", "the run's name", text.optional()),
    runs: shared.runs,
    chunk: shared.chunk,
  }),
  ...shared.machine,
  ...group("Machine", {
    batch: shared.batch,
    threads: shared.threads,
    profile: option(
      "[file]",
      `report the time of each kernel, and write a Chrome trace to the file or to ${TRACE_FILE}`,
      z.preprocess((value) => (value === true ? TRACE_FILE : value), text.optional()),
    ),
  }),
};

/** `inctrl score`: images in, anomaly scores and heat maps out. */
export const scoreCommand = defineVerb({
  summary: "score images against a few normal ones",
  description: "Scores images by how far they are from a few normal ones (the prompts).",
  options: OPTIONS,
  examples: `
Check a folder against 4 normal images, and see where they differ:
  inctrl score --prompts good/ --shots 4 --images to-check/ --heatmaps maps/

Name the product, so that the heads that come with the program are used:
  inctrl score --prompts good/ --images to-check/ --class "metal nut"

Encode the normal images once, then use them every day:
  inctrl score --backbone deit-tiny --prompts good/ --save-bank part.bank.safetensors
  inctrl score --backbone deit-tiny --bank part.bank.safetensors --images today/ --format csv --out today.csv

Score with the whole of InCTRL, with trained heads and the product's name:
  inctrl score --backbone vit-b-16-plus-240-laion400m-e32 --heads trained.pyth --class candle \\
    --prompts good/ --images to-check/ --format json

Share an archive between two machines, and join what they find:
  inctrl score --bank part.bank.safetensors --images archive/ --run archive --shard 1/2
  inctrl cluster merge --run archive`,
  notes: `
${methodHelp()}

Higher scores are more anomalous. A bank that \`inctrl calibrate\` has given a line tells verdicts: OK, REVIEW or NG, the share of good
parts that score at least as high (p_value), and a score from 0 to 1 that is above 0.5 exactly where a part is flagged.

Exit code 0: all images were scored; 2: unreadable images were skipped; 3 and 4: with --exit-verdict; 1: the run failed; 130: Ctrl-C stopped it, and the results so far are written.`,
  run: (settings) =>
    interruptible(async (signal) =>
      settings.shard === undefined
        ? runScore(settings, signal)
        : (await import("../cluster/shard.js")).runShard(settings, signal),
    ),
});
