import { Command } from "commander";
import { exportSet } from "../datasets/export.js";
import { inspectSet } from "../datasets/inspect.js";
import { listForms } from "../datasets/list.js";
import type { Finish } from "../program.js";
import { interruptible } from "../signals.js";

/** `inctrl datasets`: what forms are read, what a data set holds, and how to turn it into folders. */
export function datasetsCommand(finish: Finish): Command {
  const datasets = new Command("datasets")
    .summary("list, inspect and export data sets")
    .description("Lists the forms of data sets that are read, each as it is downloaded.")
    // "inspect SPEC --json" is an option of inspect's own.
    .enablePositionalOptions()
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  inctrl datasets
  inctrl datasets inspect mvtec:downloads/mvtec_anomaly_detection
  inctrl datasets inspect "mnist:downloads/mnist?protocol=multi" --json
  inctrl datasets export aitex:downloads/AITEX aitex-tiles/`,
    )
    .action(async (options: { json?: boolean }) => finish(await listForms(options)));
  datasets
    .command("inspect")
    .description("Reads every image of a data set and tells what each category holds.")
    .argument("<spec>", "FORM:DIR, such as elpv:downloads/elpv; `inctrl datasets` lists the forms")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExit code 2 when there are images or masks that cannot be read.")
    .action(async (spec: string, options: { json?: boolean }) => {
      finish(await interruptible((signal) => inspectSet(spec, options, signal)));
    });
  datasets
    .command("export")
    .description("Writes a data set as folders of PNG in the form of MVTec AD.")
    .argument("<spec>", "FORM:DIR; `inctrl datasets` lists the forms")
    .argument("<dir>", "a folder that is new or empty; it appears when all of it is written")
    .addHelpText(
      "after",
      "\nExit code 2 when there are images or masks that cannot be read; the rest is written.",
    )
    .action(async (spec: string, dir: string) => {
      finish(await interruptible((signal) => exportSet(spec, dir, signal)));
    });
  return datasets;
}
