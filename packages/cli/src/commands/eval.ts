import { SHIPPED_MODEL } from "@inctrl/clip";
import { Command, Option } from "commander";
import { readAggregate, readComponents, readShots } from "../eval/options.js";
import { type EvalOptions, runEval } from "../eval/run.js";
import { byteSize, positiveNumber, readTurns, wholeNumber } from "../options.js";
import type { Finish } from "../program.js";
import { interruptible } from "../signals.js";

const EXAMPLES = `
Examples:
  How well do 1, 2, 4 and 8 normal images do on a data set?
    inctrl eval --data brainmri:downloads/brain --backbone deit-tiny --out results/brain

  Two classes of MVTec AD with trained heads, and each part of the model by itself:
    inctrl eval --data mvtec:downloads/mvtec --category screw,leather --backbone clip.pt \\
      --heads trained.pyth --shots 2,4,8 --out results/full
    inctrl eval --data mvtec:downloads/mvtec --backbone clip.pt --heads trained.pyth \\
      --components I --shots 2,4,8 --out results/image-level

A run that was stopped goes on when the same command is given again with the same --out; more K, seeds and
categories may be added then. Exit code 0: all measured; 2: some images were unreadable, or a category could not
be measured; 1: failed; 130: stopped by Ctrl-C.`;

/** `inctrl eval`: a data set in, AUROC and AUPRC with their deviation over prompt draws out. */
export function evalCommand(finish: Finish): Command {
  return new Command("eval")
    .summary("measure a model on a data set")
    .description("Measures how well K normal images tell a data set's test images apart, over several draws.")
    .requiredOption("--data <spec>", "FORM:DIR, such as mvtec:DIR; `inctrl datasets` lists the forms")
    .option("--backbone <file|name>", "weights: a file, or a name that `inctrl models` lists", SHIPPED_MODEL)
    .optionsGroup("Protocol:")
    .option("--category <names>", "only these categories, separated by commas", (text) => text.split(","))
    .addOption(
      new Option("--shots <K,...>", "numbers of prompts").argParser(readShots).default([2, 4, 8], "2,4,8"),
    )
    .option(
      "--seeds <N>",
      "draws of each K, with seeds 0, 1, ...; 0: the first K by name",
      wholeNumber(0, 1000),
      3,
    )
    .option(
      "--few-shot <folder>",
      "draw the prompts from the lists <category>.pt there, as the released code has them",
    )
    .addOption(
      new Option("--fit <how>", "how images become square: crop their middle, squash them, or tile them")
        .choices(["crop", "squash", "tile"])
        .default("crop"),
    )
    .optionsGroup("Model:")
    .option("--heads <file>", "trained InCTRL heads, or a released .pyth (default: nano's own, with nano)")
    .option("--no-heads", "none: the patch residual alone")
    .option("--class <name>", "what text prompts call the product (default: as the data set says)")
    .option(
      "--components <P,I,T>",
      "what scores are made of: P patches, I image, T text (default: all the model has; I needs --heads)",
      readComponents,
    )
    .option(
      "--aggregate <max|topK>",
      "s_p from a map: its maximum, or the mean of its K largest",
      readAggregate,
      "max",
    )
    .option(
      "--alpha <A>",
      "weight of the patch residual in the score (default: what the heads name, else 1)",
      positiveNumber,
    )
    .option(
      "--turns <N>",
      "1: compare with the prompts as they are; 8: turned and mirrored as well (default: as the configuration says; nano 8, others 1)",
      readTurns,
    )
    .option("--config <file|name>", "the backbone's configuration, where its file does not tell")
    .option("--vocabulary <file>", "CLIP's vocabulary (bpe_simple_vocab_16e6.txt.gz)")
    .optionsGroup("Results:")
    .option(
      "--out <folder>",
      "save results.json, .csv, .md and report.html there, and each draw as it finishes",
    )
    .option(
      "--cache [folder]",
      "keep features of images, and use those that train or an earlier run kept (float16)",
    )
    .option("--cache-limit <size>", "most that they may take, such as 500MB", byteSize, 20e9)
    .optionsGroup("Machine:")
    .option("--device <which>", "auto, hardware, software, or part of an adapter's name")
    .option(
      "--batch <N>",
      "images encoded together; the numbers do not depend on it",
      wholeNumber(1, 1024),
      8,
    )
    .addOption(
      new Option("--dtype <type>", "how weights are kept: float16 takes half the memory")
        .choices(["float32", "float16"])
        .default("float32"),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (options: EvalOptions) => {
      finish(await interruptible((signal) => runEval(options, signal)));
    });
}
