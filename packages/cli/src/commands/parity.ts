import { type ParityReport, runFullSizeParity, runParity } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";
import { Command } from "commander";
import { withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { print, printJson } from "../output/print.js";
import { alignTable } from "../output/table.js";
import type { Finish } from "../program.js";
import { complain, say } from "../ui/talk.js";

interface ParityOptions {
  fullSize?: string;
  device?: string;
  json?: boolean;
}

/** `inctrl parity`: every value against PyTorch's. */
export function parityCommand(finish: Finish): Command {
  return new Command("parity")
    .summary("compare every value with PyTorch's")
    .description(
      "Loads the checkpoints of a folder of reference values and compares everything computed with them.",
    )
    .argument("[folder]", "config.json, clip.safetensors, clip.pt, inctrl.pyth, forward.safetensors")
    .option("--full-size <file>", "the same for a full-size model with weights made by a hash")
    .option("--device <which>", "auto, hardware, software, or part of an adapter's name")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  inctrl parity golden/tiny
  inctrl parity --full-size golden/full-size-forward.json --json

Exit code 1 when a value is outside its tolerance.`,
    )
    .action(async (folder: string | undefined, options: ParityOptions) => {
      if ((folder === undefined) === (options.fullSize === undefined)) {
        throw new CliError("option", "give either a folder of reference values, or --full-size FILE");
      }
      const report = await withDevice(options.device, (device) => compare(device, folder, options.fullSize));
      if (options.json) await printJson(report);
      else await print(asText(report));
      const wrong = report.checks.filter((check) => !check.ok);
      if (wrong.length > 0) {
        complain(
          `${wrong.length} of ${report.checks.length} values are outside their tolerance; try --device software`,
        );
      }
      finish(report.ok ? EXIT.ok : EXIT.failed);
    });
}

async function compare(device: Device, folder?: string, fullSize?: string): Promise<ParityReport> {
  if (folder !== undefined) return runParity(device, folder);
  return runFullSizeParity(device, fullSize!, { onProgress: say });
}

function asText({ ok, checks }: ParityReport): string {
  const rows = checks.map((check) => [
    check.ok ? "ok" : "WRONG",
    check.name,
    check.maxAbs?.toExponential(2) ?? "-",
    check.tolerance.toExponential(0),
    check.reason ?? "",
  ]);
  const held = checks.filter((check) => check.ok).length;
  const heading = ["", "value", "largest error", "tolerance", ""];
  return `${alignTable([heading, ...rows])}\n${ok ? "all " : ""}${held} of ${checks.length} hold\n`;
}
