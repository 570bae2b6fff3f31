import { json, machine } from "../options/groups.js";
import { option, type Settings } from "../options/option.js";
import { text, whole, wholeList } from "../options/values.js";
import { interruptible } from "../signals.js";
import { runTune } from "../tuning/run.js";
import { defineVerb } from "../verb.js";

export type TuneOptions = Settings<typeof OPTIONS>;

const OPTIONS = {
  config: option(
    "<name>",
    "whose products to measure: a configuration that `inctrl models` lists",
    text.default("ViT-B-16-plus-240"),
  ),
  batch: option("<N,...>", "images at a time", wholeList(1, 1024, "1,8").default([1, 8])),
  shots: option("<K>", "prompts that the nearest-patch search is measured with", whole(1, 64).default(4)),
  json,
  ...machine,
};

/** `inctrl tune`: measure which kernels are fastest here, and keep that for later runs. */
export const tuneCommand = defineVerb({
  summary: "measure the fastest kernels for this adapter, once",
  description:
    "Measures the tiles of a backbone's matrix products on this adapter. Later runs use the fastest. Without it they follow a rule: the first run measures which of a few rules is fastest on this adapter.",
  options: OPTIONS,
  examples: `
inctrl tune
inctrl tune --config deit_tiny_patch16_224 --batch 1,4,16`,
  notes: `
The result is kept in the cache folder for this adapter, driver, processor and version; delete the file to forget it.
INCTRL_TUNING=off keeps the first run from measuring.`,
  run: (settings) => interruptible((signal) => runTune(settings, signal)),
});
