import { Command, type Command as Parsed } from "commander";
import { givenOptions } from "../options.js";
import { readPretrainSettings } from "../pretrain/options.js";
import { runPretrain } from "../pretrain/run.js";
import type { Finish } from "../program.js";
import { interruptible } from "../signals.js";

const EXAMPLES = `
Examples:
  A first look, some minutes:
    inctrl pretrain --steps 100 --warm-up 10

  As nano began, in sittings of an hour; each goes on where the last one stopped:
    inctrl pretrain --steps 4000 --pool 8191 --out nano/ --minutes 60 --resume

  Then with larger images, from what it had learnt:
    inctrl pretrain --from nano/model.safetensors --image-size 96 --steps 1220 --cool-down 500 --seed 3 --out nano-96/

A config file has the same names as the options, without the dashes in front ("warm-up: 100"); options on the command
line come first. Exit code 0: the time or the steps are over; 1: failed; 130: stopped by Ctrl-C, with a checkpoint.`;

/** `inctrl pretrain`: a small CLIP from nothing, on images that this program draws. */
export function pretrainCommand(finish: Finish): Command {
  return new Command("pretrain")
    .summary("train a small backbone from nothing on drawn images")
    .description("Trains a small CLIP contrastively on images and captions that this program draws.")
    .optionsGroup("Model:")
    .option(
      "--model <file>",
      "its configuration in OpenCLIP's JSON (default: nano's); the vocabulary is learnt",
    )
    .option(
      "--from <file>",
      "weights of such a model to begin with, and merges.txt beside them (default: begin with nothing learnt)",
    )
    .option(
      "--image-size <pixels>",
      "side of the images it is trained on (default: the configuration's); positions of --from are interpolated",
      Number,
    )
    .option("--merges <N>", "merges of the vocabulary (default: 1200)", Number)
    .optionsGroup("Training:")
    .option("--steps <N>", "steps of the whole schedule (default: 3000)", Number)
    .option("--minutes <N>", "stop after so many, with a checkpoint for --resume", Number)
    .option("--batch <N>", "images a step, a multiple of --group (default: 64)", Number)
    .option("--group <N>", "images of one product in a batch, every other one damaged (default: 4)", Number)
    .option(
      "--pool <N>",
      "groups of images that are drawn and shown again and again, a prime (default: 16381)",
      Number,
    )
    .option("--lr <rate>", "largest learning rate (default: 0.001)", Number)
    .option("--warm-up <N>", "steps until it is reached (default: 200)", Number)
    .option("--cool-down <N>", "last steps, in which half a cosine brings it to 0 (default: 1000)", Number)
    .option("--weight-decay <rate>", "of matrices (default: 0.05)", Number)
    .option("--clip <length>", "joint length that gradients are cut to (default: 1)", Number)
    .option("--match-weight <W>", "of telling images and captions (default: 0.3)", Number)
    .option("--state-weight <W>", "of telling flawless from damaged by text (default: 0.5)", Number)
    .option("--patch-weight <W>", "of telling it for each patch (default: 1)", Number)
    .option("--residual-weight <W>", "of finding it by comparison with good images (default: 2)", Number)
    .option(
      "--appearance-weight <W>",
      "of keeping patches as like each other as they look (default: 1)",
      Number,
    )
    .option("--seed <S>", "of first values, images and wording (default: 0)", Number)
    .optionsGroup("Files:")
    .option("--out <folder>", "where everything is written (default: pretrain-out)")
    .option("--config <file>", "settings from a JSON or YAML file")
    .option("--resume", "go on from the checkpoint in the folder, where there is one")
    .option("--save-every <N>", "steps between checkpoints (default: 100)", Number)
    .option("--judge-every <N>", "steps between trials on classes never trained on (default: 250)", Number)
    .optionsGroup("Machine:")
    .option("--device <which>", "auto, hardware, software, or part of an adapter's name")
    .addHelpText("after", EXAMPLES)
    .action(async (_: unknown, command: Parsed) => {
      const { config, ...given } = givenOptions(command);
      finish(
        await interruptible(async (signal) =>
          runPretrain(await readPretrainSettings(given, config as string | undefined), signal),
        ),
      );
    });
}
