import { Command } from "commander";
import { commanderOptions, helpOf, type Options, type Settings } from "./options/option.js";
import { givenOn, readSettings } from "./options/read.js";

/** A verb of the command: its options, its examples and one call. */
export interface Verb<O extends Options = Options> {
  /** A few words for the list of verbs. */
  readonly summary: string;
  /** One or two sentences for the head of its help. */
  readonly description: string;
  readonly options: O;
  /** Command lines, with a line of words before each where they need one. */
  readonly examples: string;
  /** What help says last: exit codes, files. */
  readonly notes?: string;
  /** Verbs of its own by name, such as `pull` of `models`. */
  readonly verbs?: Readonly<Record<string, Verb>>;
  /** Does the work and returns the exit code. */
  run(settings: Settings<O>): Promise<number>;
}

/** Takes the exit code of the verb that ran. */
export type Finish = (code: number) => void;

/**
 * Describes a verb; its settings get their types from its options.
 *
 * @example
 * export const sayCommand = defineVerb({
 *   summary: "print a word",
 *   description: "Prints a word.",
 *   options: { word: argument("<word>", "what to print", text) },
 *   examples: "inctrl say hello",
 *   run: async ({ word }) => {
 *     await print(`${word}\n`);
 *     return EXIT.ok;
 *   },
 * });
 */
export const defineVerb = <const O extends Options>(verb: Verb<O>): Verb<O> => verb;

/** The verb as a command of commander. */
export function toCommand(name: string, verb: Verb, finish: Finish): Command {
  const { summary, description, options, examples, notes } = verb;
  const command = new Command(name).summary(summary).description(description);
  for (const [key, spec] of Object.entries(options)) {
    if (spec.positional) command.argument(spec.value, helpOf(spec));
    else for (const each of commanderOptions(key, spec)) command.addOption(each);
  }
  const lines = examples.trim().replace(/^(?=.)/gm, "  ");
  command.addHelpText("after", `\nExamples:\n${lines}${notes === undefined ? "" : `\n\n${notes.trim()}`}`);
  command.action(async () => {
    finish(await verb.run(await readSettings(options, givenOn(command, options))));
  });
  // A verb's own verbs may have options of the same names: each belongs to what stands before it.
  if (verb.verbs) command.enablePositionalOptions();
  for (const [own, each] of Object.entries(verb.verbs ?? {}))
    command.addCommand(toCommand(own, each, finish));
  return command;
}
