import { inspect } from "node:util";
import { HubError } from "@inctrl/clip";
import { oneLine, printable } from "@inctrl/datasets";
import { Command, CommanderError } from "commander";
import { CliError, describe, EXIT } from "./errors.js";
import { isBrokenPipe } from "./output/sink.js";
import { tell, warn } from "./ui/log.js";
import { type Finish, toCommand, type Verb } from "./verb.js";
import { version } from "./version.js";

/** Every verb, in the order of the help text. Each is loaded when it is asked for: one needs little of what all need. */
const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  score: async () => (await import("./commands/score.js")).scoreCommand,
  calibrate: async () => (await import("./commands/calibrate.js")).calibrateCommand,
  watch: async () => (await import("./commands/watch.js")).watchCommand,
  export: async () => (await import("./commands/export.js")).exportCommand,
  bank: async () => (await import("./commands/bank.js")).bankCommand,
  serve: async () => (await import("./commands/serve.js")).serveCommand,
  cluster: async () => (await import("./commands/cluster.js")).clusterCommand,
  models: async () => (await import("./commands/models.js")).modelsCommand,
  doctor: async () => (await import("./commands/doctor.js")).doctorCommand,
  tune: async () => (await import("./commands/tune.js")).tuneCommand,
  parity: async () => (await import("./commands/parity.js")).parityCommand,
  datasets: async () => (await import("./commands/datasets.js")).datasetsCommand,
  eval: async () => (await import("./commands/eval.js")).evalCommand,
  benchmark: async () => (await import("./commands/benchmark.js")).benchmarkCommand,
  train: async () => (await import("./commands/train.js")).trainCommand,
  pretrain: async () => (await import("./commands/pretrain.js")).pretrainCommand,
  demo: async () => (await import("./commands/demo.js")).demoCommand,
};

/**
 * The whole command as commander knows it, with all verbs and their options.
 *
 * @param finish takes the exit code of the verb that ran.
 * @example
 * const program = await buildProgram();
 * console.log(program.commands.map((verb) => verb.name()).join(" "));
 */
export async function buildProgram(finish: Finish = () => {}): Promise<Command> {
  return programOf(Object.keys(VERBS), finish);
}

async function programOf(names: readonly string[], finish: Finish): Promise<Command> {
  const program = new Command("inctrl")
    .description("Finds anomalies in images by comparing them with a few normal ones.")
    .version(version())
    // A verb's own verbs may have options of the same names: each belongs to what stands before it.
    .enablePositionalOptions()
    .addHelpText(
      "after",
      `
Examples:
  inctrl demo                                   try it, without downloading anything
  inctrl models pull deit-tiny                  get a small backbone
  inctrl score --backbone deit-tiny --prompts good/ --images to-check/
  inctrl doctor                                 is this machine ready?

"inctrl help VERB" describes each.`,
    );
  for (const name of names) program.addCommand(toCommand(name, await VERBS[name](), finish));
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({ outputError: (text) => warn(usage(text, command)) });
  }
  return program;
}

/**
 * Runs the command with the arguments of a command line (without `node` and the script).
 *
 * @returns the exit code.
 * @example
 * process.exitCode = await run(["doctor", "--json"]);
 */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = await programOf(asked(args[0]), (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return failed(error);
  }
}

/** The verb that a command line begins with. All of them where it begins with none, as for help and for typing errors. */
function asked(word: string | undefined): string[] {
  return word !== undefined && Object.hasOwn(VERBS, word) ? [word] : Object.keys(VERBS);
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Commander's message in our form: one line that ends with where to look. */
function usage(text: string, command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name());
  const problem = oneLine(text.replace(/^error: /, "")).replace(/[.]$/, "");
  return `${problem}; see "${names.join(" ")} --help"`;
}

/** Reports an error in one line, with `DEBUG=1` also its stack, and returns the exit code. */
function failed(error: unknown): number {
  // Commander has printed help, version and refusals of arguments already.
  if (error instanceof CommanderError) return error.exitCode;
  if (isBrokenPipe(error)) return EXIT.pipe;
  warn(describe(error));
  if (process.env.DEBUG) tell(`${printable(inspect(error))}\n`);
  const stopped =
    (error instanceof CliError && error.code === "interrupted") ||
    (error instanceof HubError && error.code === "aborted");
  return stopped ? EXIT.interrupted : EXIT.failed;
}
