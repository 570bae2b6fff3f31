import { runBaselineParity } from "@inctrl/baselines";
import type { ParityReport } from "@inctrl/detect";
import { runFullSizeParity, runParity } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";
import type { ParityOptions } from "../commands/parity.js";
import { withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { info, warn } from "../ui/log.js";

/** Compares, prints the report and returns the exit code. */
export async function runParityCommand({ folder, fullSize, device, json }: ParityOptions): Promise<number> {
  if ((folder === undefined) === (fullSize === undefined)) {
    throw new CliError("option", "give either a folder of reference values, or --full-size FILE");
  }
  const report = await withDevice(device, (open) =>
    folder === undefined ? runFullSizeParity(open, fullSize!, { onProgress: info }) : parityOf(open, folder),
  );
  await printResult(json, report, asText(report));
  const wrong = report.checks.filter((check) => !check.ok).length;
  if (wrong > 0) {
    warn(`${wrong} of ${report.checks.length} values are outside their tolerance; try --device software`);
  }
  return report.ok ? EXIT.ok : EXIT.failed;
}

/** The report of a folder of other methods' values, or of InCTRL's. */
const parityOf = async (device: Device, folder: string): Promise<ParityReport> =>
  (await runBaselineParity(device, folder)) ?? runParity(device, folder);

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
