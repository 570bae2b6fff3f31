import { SHIPPED_MODEL } from "@inctrl/clip";
import { Command, Option } from "commander";
import { positiveNumber, readTurns, wholeNumber } from "../options.js";
import { FORMATS } from "../output/formats.js";
import type { Finish } from "../program.js";
import { TRACE_FILE } from "../score/profile.js";
import { runScore, type ScoreOptions } from "../score/run.js";
import { interruptible } from "../signals.js";

const EXAMPLES = `
Examples:
  Check a folder against 4 normal images, and see where they differ:
    inctrl score --prompts good/ --shots 4 --images to-check/ --heatmaps maps/

  The same with what the product is called, and so with the heads that come with the program:
    inctrl score --prompts good/ --images to-check/ --class "metal nut"

  Encode the normal images once, then use them every day:
    inctrl score --backbone deit-tiny --prompts good/ --save-bank part.bank.safetensors
    inctrl score --backbone deit-tiny --bank part.bank.safetensors --images today/ --format csv --out today.csv

  The whole of InCTRL, with trained heads and the name of the product:
    inctrl score --backbone vit-b-16-plus-240-laion400m-e32 --heads trained.pyth --class candle \\
      --prompts good/ --images to-check/ --format json

Higher scores are more anomalous. Exit code 0: all scored; 2: some images were unreadable and skipped;
1: failed; 130: stopped by Ctrl-C, with the results so far written out.`;

/** `inctrl score`: images in, anomaly scores and heat maps out. */
export function scoreCommand(finish: Finish): Command {
  return new Command("score")
    .summary("score images against a few normal ones")
    .description("Scores images by how far they are from a few normal ones (the prompts).")
    .option("--backbone <file|name>", "weights: a file, or a name that `inctrl models` lists", SHIPPED_MODEL)
    .optionsGroup("Normal images:")
    .option("--prompts <paths...>", "normal images: files, folders of them, or a few-shot list (.pt)")
    .option("--shots <K>", "use K of the prompts, the first by name (default: all)", wholeNumber(1))
    .option("--seed <S>", "draw the K prompts at random with this seed", wholeNumber(0, 0xffffffff))
    .option("--bank <file>", "use prompts saved before, in place of --prompts")
    .option("--save-bank <file>", "save the encoded prompts for --bank")
    .optionsGroup("Images:")
    .option("--images <paths...>", "images to score: files, or folders of them")
    .addOption(
      new Option(
        "--fit <how>",
        "how images become square: crop their middle, squash them, or tile them (default: crop, or as the bank was made)",
      ).choices(["crop", "squash", "tile"]),
    )
    .option("--strict", "stop at the first unreadable image instead of skipping it")
    .optionsGroup("Model:")
    .option(
      "--heads <file>",
      "trained InCTRL heads, or a released .pyth (default: nano's own, with nano and --class)",
    )
    .option("--no-heads", "the patch residual alone")
    .option("--class <name>", "the product's name, for models that know text")
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
    .addOption(new Option("--format <name>", "how to write results").choices(FORMATS).default("table"))
    .option("--out <file>", "write results to a file instead of standard output")
    .option("--heatmaps <folder>", "draw a heat map and a panel of each image there")
    .optionsGroup("Machine:")
    .option("--device <which>", "auto, hardware, software, or part of an adapter's name")
    .option(
      "--batch <N>",
      "images scored together; the scores do not depend on it (default: as the model and the adapter allow)",
      wholeNumber(1, 1024),
    )
    .option(
      "--threads <N>",
      "threads that decode images, 0 for none of their own (default: none on a software adapter, else one a core but one, at most 8)",
      wholeNumber(0, 64),
    )
    .addOption(
      new Option("--profile [file]", "say what each kernel takes, and write a Chrome trace").preset(
        TRACE_FILE,
      ),
    )
    .addOption(
      new Option("--dtype <type>", "how weights are kept: float16 takes half the memory")
        .choices(["float32", "float16"])
        .default("float32"),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (options: ScoreOptions) => {
      finish(await interruptible((signal) => runScore(options, signal)));
    });
}
