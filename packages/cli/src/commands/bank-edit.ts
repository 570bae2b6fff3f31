import { VERSIONS_KEPT } from "@inctrl/detect";
import { runAdd, runRemove, runUndo } from "../bank/edit.js";
import * as shared from "../options/groups.js";
import { argument, group, option, type Settings } from "../options/option.js";
import { flag, oneOf, text, texts } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

const bank = argument("<bank>", "the bank's file", text);

const EDIT = {
  ...group("Images", {
    files: shared.paths(
      "where files of the bank's own images lie, which are found by their sha256: those of its line, to be scored again, and with methods that keep no patches the prompts'",
    ),
    dropLine: option(
      "",
      "leave out the line where other prompts change the scores that it stands on",
      flag.default(false),
    ),
    maxMegapixels: shared.reading.maxMegapixels,
  }),
  ...group("Model", shared.scoringModel),
  json: shared.json,
  ...shared.scoringMachine,
};

const ADD = {
  bank,
  images: argument("[images...]", "good images: files, or folders of them", texts.default([])),
  reviews: shared.folder(
    "add the pictures that people called good in the service's folder of reviews (inctrl serve --reviews), and that the bank does not know",
  ),
  product: option(
    "<name>",
    "the product whose reviews are taken",
    text.optional(),
    "as the bank's file is called",
  ),
  dryRun: option("", "list what would be added, and leave the bank as it is", flag.default(false)),
  as: option(
    "<what>",
    "prompt: other images are compared with it; calibration: the line stands on it too",
    oneOf("prompt", "calibration").optional(),
    "calibration where the bank has a line, else prompt",
  ),
  ...EDIT,
};

const REMOVE = {
  bank,
  names: argument("<names...>", "names, or the first 8 or more digits of sha256 sums", texts),
  ...EDIT,
};

export type EditOptions = Settings<typeof EDIT> & { readonly bank: string };
export type AddOptions = Settings<typeof ADD>;
export type RemoveOptions = Settings<typeof REMOVE>;

const VERSIONS = `
Each change makes the next version of the bank. The ${VERSIONS_KEPT} versions before it stay beside it, as NAME.v1 and so on, and \`inctrl bank undo\` goes
back. A run that is killed leaves the bank as it was, or changed.`;

export const addCommand = defineVerb({
  summary: "teach a bank good images, such as a false alarm",
  description:
    "Adds good images to a bank: to those that its line stands on, so that as few good parts are flagged as you allow, or as prompts, so that what they show counts as normal.",
  options: ADD,
  examples: `
A part was flagged and is good; the line learns of it:
  inctrl bank add part.bank.safetensors flagged.png --backbone deit-tiny

Parts that were confirmed or overruled as good on the page of the service; first what would be added:
  inctrl bank add products/part.bank.safetensors --reviews reviews/ --dry-run --backbone deit-tiny
  inctrl bank add products/part.bank.safetensors --reviews reviews/ --backbone deit-tiny

What it shows is normal from now on. The images of the line are scored again:
  inctrl bank add part.bank.safetensors flagged.png --as prompt --files more-good/ --backbone deit-tiny`,
  notes: `${VERSIONS}

Other prompts change every score. The images that the line stands on are then scored again, from the files that --files leads to; where one is
missing the bank stays as it was, unless --drop-line drops the line. An image that the bank has already is refused.`,
  run: (settings) => interruptible((signal) => runAdd(settings, signal)),
});

export const removeCommand = defineVerb({
  summary: "remove prompts or calibration images from a bank",
  description: "Removes prompts from a bank, or images that its line stands on.",
  options: REMOVE,
  examples: `
inctrl bank remove part.bank.safetensors scratched.png --files more-good/ --backbone deit-tiny
inctrl bank remove part.bank.safetensors 3f786850e387550f`,
  notes: VERSIONS,
  run: (settings) => interruptible((signal) => runRemove(settings, signal)),
});

export const undoCommand = defineVerb({
  summary: "take back the last change of a bank",
  description: "Makes the version before the last change the bank again, with the bytes that it had.",
  options: { bank, json: shared.json },
  examples: `
inctrl bank undo part.bank.safetensors`,
  run: ({ bank, json }) => runUndo(bank, json),
});
