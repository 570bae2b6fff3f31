import { Command } from "commander";
import { runDemo } from "../demo/run.js";
import { wholeNumber } from "../options.js";
import type { Finish } from "../program.js";
import { interruptible } from "../signals.js";

/** `inctrl demo`: the whole job on products drawn by the computer. */
export function demoCommand(finish: Finish): Command {
  return new Command("demo")
    .summary("try everything on products drawn by this program")
    .description("Draws products with and without defects, scores them, and draws heat maps and a report.")
    .option("--out <folder>", "where to write products, heat maps and the report", "demo-out")
    .option("--seed <S>", "of the products", wholeNumber(0, 0xffffffff), 0)
    .option("--device <which>", "auto, hardware, software, or part of an adapter's name")
    .addHelpText(
      "after",
      `
Examples:
  inctrl demo
  inctrl demo --out /tmp/demo --seed 3`,
    )
    .action(async (options: { out: string; seed: number; device?: string }) => {
      finish(await interruptible((signal) => runDemo(options, signal)));
    });
}
