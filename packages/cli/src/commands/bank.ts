import { runCheck } from "../bank/check.js";
import { showBank } from "../bank/show.js";
import { runSuggest } from "../bank/suggest.js";
import { CliError } from "../errors.js";
import * as shared from "../options/groups.js";
import { argument, group, option, type Settings } from "../options/option.js";
import { oneOf, text, texts, whole } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";
import { addCommand, removeCommand, undoCommand } from "./bank-edit.js";

const bank = argument("<bank>", "the file that `inctrl score --save-bank` wrote", text);

const showCommand = defineVerb({
  summary: "say what a bank holds",
  description:
    "Prints what a bank's file says: its network, how its images were read, its prompts, and its line with what that promises. It needs neither the network nor the images.",
  options: { bank, json: shared.json },
  examples: `
inctrl bank show part.bank.safetensors
inctrl bank show part.bank.safetensors --json`,
  run: ({ bank, json }) => showBank(bank, json),
});

const { orientation, ...reading } = shared.reading;
const { vocabulary: _, ...backbone } = shared.backbone;

const SUGGEST = {
  ...group("Images", {
    from: option("<paths...>", "the pool, good images: files, or folders of them", texts),
    shots: option("<K>", "how many to choose", whole(1).default(4)),
    pool: option(
      "<N>",
      "compare at most N images, evenly spread over the pool; the time grows with their square",
      whole(1, 10_000).optional(),
      "400, on a software adapter 100, and as many as 1 GiB of patches allows",
    ),
    fit: option(
      "<how>",
      "how images become square: crop their middle, or squash them",
      oneOf("crop", "squash").default("crop"),
    ),
    ...reading,
    orientation: { ...orientation, byDefault: "follow" },
  }),
  ...group("Model", { ...backbone, symmetries: shared.symmetries, dtype: shared.dtype }),
  json: shared.json,
  ...shared.scoringMachine,
};

export type SuggestOptions = Settings<typeof SUGGEST>;

const suggestCommand = defineVerb({
  summary: "choose prompts out of many good images",
  description:
    "Chooses the K images of a pool that cover the rest best: each lowers most what the patch residual says of the others. Names the images that look unlike all others, which are not chosen.",
  options: SUGGEST,
  examples: `
Choose 4 prompts out of a folder:
  inctrl bank suggest --from good/ --shots 4 --backbone deit-tiny`,
  notes: `
A prompt "takes away" a share of the mean residual that the pool has with one prompt drawn at random. An image is unlike all others where
the largest residual of its patches lies more than 5 median deviations above the median, in pools of 8 or more: look whether it is good.

Exit code 0: the images are chosen; 2: so, but some were unreadable; 1: the run failed; 130: Ctrl-C stopped it.`,
  run: (settings) => interruptible((signal) => runSuggest(settings, signal)),
});

const checkCommand = defineVerb({
  summary: "compare a bank's prompts with each other",
  description:
    "Compares each prompt of a bank with the others, by the patches that the file holds: the one that is most unlike them stands first, and pairs that are nearly the same are named. It needs neither the network nor the images.",
  options: { bank, json: shared.json, ...shared.machine },
  examples: `
inctrl bank check part.bank.safetensors`,
  notes: `
The largest residual of a prompt is what score would say of it, were the others its prompts. In banks of 8 or more, a prompt is unlike the
others where that lies more than 5 median deviations above the median. Two prompts are nearly the same where they are nearer than a third
of the median of all pairs. Banks of methods that keep no patches cannot be checked.`,
  run: ({ bank, ...options }) => runCheck(bank, options),
});

/** `inctrl bank`: what a bank of prompts holds, and which images make a good one. */
export const bankCommand = defineVerb({
  summary: "look into banks, choose their prompts, and teach them",
  description:
    "Looks into the banks that `inctrl score --save-bank` writes, chooses images for them, and changes them.",
  options: {},
  examples: `
What does the file hold, and is there a line between good and bad?
  inctrl bank show part.bank.safetensors

Which images of a folder make good prompts?
  inctrl bank suggest --from good/ --shots 4

Is a prompt unlike the others, or redundant?
  inctrl bank check part.bank.safetensors

A good part was flagged: teach the bank, and take that back
  inctrl bank add part.bank.safetensors flagged.png
  inctrl bank undo part.bank.safetensors`,
  verbs: {
    ...{ show: showCommand, suggest: suggestCommand, check: checkCommand },
    ...{ add: addCommand, remove: removeCommand, undo: undoCommand },
  },
  async run() {
    throw new CliError("option", 'say what to do, such as "inctrl bank show FILE"; see "inctrl bank --help"');
  },
});
