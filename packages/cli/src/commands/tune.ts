import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "../options.js";
import type { Finish } from "../program.js";
import { interruptible } from "../signals.js";
import { runTune, type TuneCommandOptions } from "../tuning/run.js";

/** `inctrl tune`: measure which kernels are fastest here, and keep that for later runs. */
export function tuneCommand(finish: Finish): Command {
  return new Command("tune")
    .summary("measure the fastest kernels for this adapter, once")
    .description(
      "Measures the tiles of a backbone's matrix products on this adapter. Later runs use the fastest. Without it a rule chooses.",
    )
    .option(
      "--config <name>",
      "whose products: a configuration that `inctrl models` lists",
      "ViT-B-16-plus-240",
    )
    .option("--batch <N,...>", "images at a time", readBatches, [1, 8])
    .option("--shots <K>", "prompts that the nearest-patch search is measured with", wholeNumber(1, 64), 4)
    .option("--device <which>", "auto, hardware, software, or part of an adapter's name")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  inctrl tune
  inctrl tune --config deit_tiny_patch16_224 --batch 1,4,16

What is found is kept in the cache folder for this adapter, driver and version; delete the file to forget it.`,
    )
    .action(async (options: TuneCommandOptions) => {
      finish(await interruptible((signal) => runTune(options, signal)));
    });
}

function readBatches(text: string): number[] {
  const sizes = text.split(",").map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= 1024)) return sizes;
  throw new InvalidArgumentError("Give whole numbers from 1 to 1024, separated by commas.");
}
