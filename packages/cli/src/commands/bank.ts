import { showBank } from "../bank/show.js";
import { CliError } from "../errors.js";
import { json } from "../options/groups.js";
import { argument } from "../options/option.js";
import { text } from "../options/values.js";
import { defineVerb } from "../verb.js";

const bank = argument("<bank>", "the file that `inctrl score --save-bank` wrote", text);

const showCommand = defineVerb({
  summary: "say what a bank holds",
  description:
    "Prints what a bank's file says: its network, how its images were read, its prompts, and its line with what that promises. It needs neither the network nor the images.",
  options: { bank, json },
  examples: `
inctrl bank show part.bank.safetensors
inctrl bank show part.bank.safetensors --json`,
  run: ({ bank, json }) => showBank(bank, json),
});

/** `inctrl bank`: what a bank of prompts holds. */
export const bankCommand = defineVerb({
  summary: "look into banks of prompts",
  description: "Looks into the banks that `inctrl score --save-bank` writes.",
  options: {},
  examples: `
What does the file hold, and is there a line between good and bad?
  inctrl bank show part.bank.safetensors`,
  verbs: { show: showCommand },
  async run() {
    throw new CliError("option", 'say what to do, such as "inctrl bank show FILE"; see "inctrl bank --help"');
  },
});
