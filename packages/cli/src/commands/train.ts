import { Command, InvalidArgumentError, type Command as Parsed } from "commander";
import { givenOptions } from "../options.js";
import type { Finish } from "../program.js";
import { interruptible } from "../signals.js";
import { readSettings } from "../train/options.js";
import { runTrain } from "../train/run.js";

const EXAMPLES = `
Examples:
  Try it: products drawn by this program, a minute or two:
    inctrl train

  Real data, a real backbone; two categories are kept apart to see how the heads do on what is new to them:
    inctrl train --data mvtec:downloads/mvtec --backbone deit-tiny --shots 4 --hold-out screw,leather --out heads/

  Several data sets, settings from a file, and going on with a run that was stopped:
    inctrl train --data visa:downloads/visa aitex:downloads/aitex --config train.yaml --resume

A config file has the same names as the options, without the dashes in front ("weight-decay: 0.01"); options on the
command line come first. Exit code 0: trained; 1: failed; 130: stopped by Ctrl-C, with a checkpoint for --resume.`;

/** `inctrl train`: labelled images in, trained heads out. */
export function trainCommand(finish: Finish): Command {
  return new Command("train")
    .summary("train the heads on labelled images")
    .description("Trains InCTRL's heads on normal and anomalous images; the backbone stays as it is.")
    .optionsGroup("Data:")
    .option(
      "--data <specs...>",
      "data sets, each FORM:DIR; `inctrl datasets` lists the forms (default: procedural)",
    )
    .option("--category <names>", "only these categories, separated by commas", names)
    .option("--hold-out <names>", "categories to judge by after each epoch and never train on", names)
    .option("--class <category=name...>", "what texts call a category (default: as the data set says)", pair)
    .optionsGroup("Model:")
    .option("--backbone <file|name>", "weights: a file, or a name that `inctrl models` lists (default: nano)")
    .option("--model-config <file|name>", "the backbone's configuration, where its file does not tell")
    .option("--vocabulary <file>", "CLIP's vocabulary (bpe_simple_vocab_16e6.txt.gz)")
    .option("--no-text", "leave texts out although the backbone knows text")
    .option("--blocks <N,...>", "blocks whose patches are compared (default: the backbone's own)", numbers)
    .option("--fit <how>", "how images become square: crop or squash (default: crop)")
    .optionsGroup("Training:")
    .option("--shots <K>", "prompts of each image (default: 4)", Number)
    .option("--epochs <N>", "(default: 10)", Number)
    .option("--steps <N>", "steps an epoch (default: 100)", Number)
    .option("--batch <N>", "images a step, half of them anomalous (default: 48)", Number)
    .option(
      "--heads-form <form>",
      "paper, monotone or sorted; the README says what each gains (default: paper)",
    )
    .option(
      "--strangers <N>",
      "good images of other categories that count as anomalies in each (default: 0)",
      Number,
    )
    .option("--balance <what>", "what comes up equally often: images or categories (default: images)")
    .option("--lr <rate>", "learning rate (default: 0.001)", Number)
    .option("--weight-decay <rate>", "(default: 0.01)", Number)
    .option("--optimizer <name>", "adamw, adam or sgd (default: adamw)")
    .option("--loss <form>", "how the loss reads the scores: probability or logits (default: probability)")
    .option("--alpha <A>", "weight of the patch residual in the score (default: 1)", Number)
    .option(
      "--score-alpha <A>",
      "the same when the heads are used, kept in their file (default: --alpha)",
      Number,
    )
    .option("--include-query", "let an image be its own prompt, as the released code does")
    .option("--seed <S>", "of first values, batches and prompts (default: 0)", Number)
    .optionsGroup("Files:")
    .option("--out <folder>", "where everything is written (default: train-out)")
    .option("--config <file>", "settings from a JSON or YAML file")
    .option("--resume", "go on from the checkpoint in the folder, where there is one")
    .option("--cache <folder>", "where features of images are kept (default: in the cache folder)")
    .option("--cache-limit <size>", "most that they may take, such as 500MB (default: 20GB)")
    .optionsGroup("Machine:")
    .option("--device <which>", "auto, hardware, software, or part of an adapter's name")
    .addHelpText("after", EXAMPLES)
    .action(async (_: unknown, command: Parsed) => {
      const { config, ...given } = givenOptions(command);
      finish(
        await interruptible(async (signal) =>
          runTrain(await readSettings(given, config as string | undefined), signal),
        ),
      );
    });
}

function names(value: string): string[] {
  return value.split(",").filter(Boolean);
}

const numbers = (value: string): number[] => names(value).map(Number);

function pair(value: string, before: Record<string, string> = {}): Record<string, string> {
  const [category, ...name] = value.split("=");
  if (!category || name.length === 0) {
    throw new InvalidArgumentError('Give a category and its name, such as pcb1="circuit board".');
  }
  return { ...before, [category]: name.join("=") };
}
