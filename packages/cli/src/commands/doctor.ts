import { examine } from "../doctor/examine.js";
import { asText } from "../doctor/text.js";
import { EXIT } from "../errors.js";
import { json, machine } from "../options/groups.js";
import { printResult } from "../output/print.js";
import { warn } from "../ui/log.js";
import { defineVerb } from "../verb.js";

/** `inctrl doctor`: is this machine ready, and how fast is it? */
export const doctorCommand = defineVerb({
  summary: "check this machine: driver, adapter, kernels, speed",
  description: "Reports what this machine computes with, whether its results are right, and how fast it is.",
  options: { json, ...machine },
  examples: `
inctrl doctor
inctrl doctor --json > machine.json
INCTRL_ADAPTER=software inctrl doctor`,
  notes: "Exit code 1: something is missing or wrong; the report says what to do about it.",
  async run({ device, json }) {
    const report = await examine(device);
    await printResult(json, report, asText(report));
    for (const problem of report.problems) warn(problem);
    return report.ok ? EXIT.ok : EXIT.failed;
  },
});
