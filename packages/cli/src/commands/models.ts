import { Command } from "commander";
import { inspectModel } from "../models/inspect.js";
import { listModels } from "../models/list.js";
import { pullModel } from "../models/pull.js";
import type { Finish } from "../program.js";
import { interruptible } from "../signals.js";

/** `inctrl models`: what there is, what a file holds, and how to get one. */
export function modelsCommand(finish: Finish): Command {
  const models = new Command("models")
    .summary("list, download and inspect backbones")
    .description("Lists the backbones that can be downloaded and the configurations that are known.")
    .option("--json", "print one JSON document")
    .enablePositionalOptions()
    .addHelpText(
      "after",
      `
Examples:
  inctrl models
  inctrl models pull deit-tiny
  inctrl models inspect weights.pt
  inctrl models inspect weights.pt --config ViT-B-16-quickgelu`,
    )
    .action(async (options: { json?: boolean }) => finish(await listModels(options)));
  models
    .command("pull")
    .description("Downloads a backbone's weights and vocabulary into the cache folder (INCTRL_CACHE).")
    .argument("<name>", "a name that `inctrl models` lists")
    .option("--json", "print one JSON document")
    .action(async (name: string, options: { json?: boolean }) => {
      finish(await interruptible((signal) => pullModel(name, options, signal)));
    });
  models
    .command("inspect")
    .description("Tells what a weights file holds and whether a model can be made of it.")
    .argument("<file>", "safetensors, or a PyTorch checkpoint")
    .option("--config <file|name>", "compare with this configuration instead of the one its tensors tell")
    .option("--json", "print one JSON document")
    .action(async (file: string, options: { config?: string; json?: boolean }) => {
      finish(await inspectModel(file, options));
    });
  return models;
}
