import { file, json, machine } from "../options/groups.js";
import { argument, type Settings } from "../options/option.js";
import { text } from "../options/values.js";
import { runParityCommand } from "../parity/run.js";
import { defineVerb } from "../verb.js";

export type ParityOptions = Settings<typeof OPTIONS>;

const OPTIONS = {
  folder: argument(
    "[folder]",
    "config.json, clip.safetensors, clip.pt, inctrl.pyth and forward.safetensors",
    text.optional(),
  ),
  fullSize: file("reference values of a full-size model with weights made by a hash, in place of a folder"),
  json,
  ...machine,
};

/** `inctrl parity`: every value against PyTorch's. */
export const parityCommand = defineVerb({
  summary: "compare every value with PyTorch's",
  description:
    "Loads the checkpoints of a folder of reference values and compares everything computed with them.",
  options: OPTIONS,
  examples: `
inctrl parity golden/tiny
inctrl parity --full-size golden/full-size-forward.json --json`,
  notes: "Exit code 1: a value is outside its tolerance.",
  run: (settings) => runParityCommand(settings),
});
