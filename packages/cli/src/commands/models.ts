import { inspectModel } from "../models/inspect.js";
import { listModels } from "../models/list.js";
import { pullModel } from "../models/pull.js";
import { json } from "../options/groups.js";
import { argument, option } from "../options/option.js";
import { text } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

const pullCommand = defineVerb({
  summary: "download a backbone",
  description: "Downloads a backbone's weights and vocabulary into the cache folder (INCTRL_CACHE).",
  options: { name: argument("<name>", "a name that `inctrl models` lists", text), json },
  examples: `
inctrl models pull deit-tiny
inctrl models pull clip-vocabulary`,
  run: ({ name, json }) => interruptible((signal) => pullModel(name, { json }, signal)),
});

const inspectCommand = defineVerb({
  summary: "describe a weights file",
  description: "Reports what a weights file holds and whether it makes a model.",
  options: {
    file: argument("<file>", "safetensors, or a PyTorch checkpoint", text),
    config: option(
      "<file|name>",
      "compare with this configuration instead of the one that the tensors tell",
      text.optional(),
    ),
    json,
  },
  examples: `
inctrl models inspect weights.pt
inctrl models inspect weights.pt --config ViT-B-16-quickgelu`,
  notes: "Exit code 1: the file does not make a model of that configuration.",
  run: ({ file, ...options }) => inspectModel(file, options),
});

/** `inctrl models`: what there is, what a file holds, and how to get one. */
export const modelsCommand = defineVerb({
  summary: "list, download and inspect backbones",
  description: "Lists the backbones that can be downloaded and the configurations that are known.",
  options: { json },
  examples: `
inctrl models
inctrl models pull deit-tiny
inctrl models inspect weights.pt`,
  verbs: { pull: pullCommand, inspect: inspectCommand },
  run: (settings) => listModels(settings),
});
