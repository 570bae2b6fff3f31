import { Command } from "commander";
import { examine } from "../doctor/examine.js";
import { asText } from "../doctor/text.js";
import { EXIT } from "../errors.js";
import { print, printJson } from "../output/print.js";
import type { Finish } from "../program.js";
import { complain } from "../ui/talk.js";

/** `inctrl doctor`: is this machine ready, and how fast is it? */
export function doctorCommand(finish: Finish): Command {
  return new Command("doctor")
    .summary("check this machine: driver, adapter, kernels, speed")
    .description("Tells what this machine computes with, whether it computes rightly, and how fast.")
    .option("--device <which>", "auto, hardware, software, or part of an adapter's name")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  inctrl doctor
  inctrl doctor --json > machine.json
  INCTRL_ADAPTER=software inctrl doctor

Exit code 1 when something is missing or wrong; what to do about it is said.`,
    )
    .action(async (options: { device?: string; json?: boolean }) => {
      const report = await examine(options.device);
      if (options.json) await printJson(report);
      else await print(asText(report));
      for (const problem of report.problems) complain(problem);
      finish(report.ok ? EXIT.ok : EXIT.failed);
    });
}
