import { nearestName } from "@inctrl/datasets";
import { boundedJson, readPlainText, type TensorFileError } from "@inctrl/tensor/files";
import type { Command } from "commander";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { CliError } from "../errors.js";
import { kebab, type Options, type Settings } from "./option.js";

/** Most bytes of a configuration file. */
const MAX_CONFIG_BYTES = 1e6;

/** Values by name in camel case, as they were written. */
export type Given = Readonly<Record<string, unknown>>;

/** What stands on the command line, without defaults, each value under its option's present name. */
export function givenOn(command: Command, options: Options): Given {
  const given: Record<string, unknown> = {};
  let place = 0;
  for (const [name, { aliases = [], positional }] of Object.entries(options)) {
    if (positional) {
      const value = command.processedArgs[place++];
      if (value !== undefined) given[name] = value;
      continue;
    }
    const written = [name, ...aliases].find((each) => command.getOptionValueSource(each) === "cli");
    if (written !== undefined) given[name] = command.getOptionValue(written);
  }
  return given;
}

/**
 * The settings of a run: those given on the command line, then those of its configuration file, then the defaults.
 *
 * @throws CliError `option` or `input` that names the setting, where it stands and what it may be.
 */
export async function readSettings<O extends Options>(options: O, given: Given): Promise<Settings<O>> {
  const file = Object.keys(options).find((name) => options[name].configFile);
  const path = file === undefined ? undefined : (given[file] as string | undefined);
  return settingsOf(options)(given, path === undefined ? undefined : { path, text: await configText(path) });
}

/** A configuration file that was read. */
interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Makes the function that joins and checks what is given and what a configuration file says. */
export function settingsOf<O extends Options>(options: O) {
  const shape = Object.fromEntries(Object.entries(options).map(([name, { schema }]) => [name, schema]));
  const schema = z.object(shape);
  return (given: Given, file?: ConfigFile): Settings<O> => {
    const parsed = schema.safeParse({ ...(file && givenIn(file, options)), ...given });
    if (parsed.success) return parsed.data as Settings<O>;
    const { path, message } = parsed.error.issues[0];
    const key = String(path[0]);
    const fileOnly = file !== undefined && !Object.hasOwn(given, key);
    throw new CliError(
      "option",
      `${fileOnly ? `${file.path}: ${kebab(key)}` : `--${kebab(key)}`}: ${message}`,
    );
  };
}

function givenIn({ path, text }: ConfigFile, options: Options): Given {
  const value = parseConfig(path, text);
  const known = new Map<string, string>();
  for (const [key, spec] of Object.entries(options)) {
    if (spec.configFile || spec.positional) continue;
    for (const name of [key, ...(spec.aliases ?? [])]) known.set(kebab(name), key);
  }
  const read: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(value)) {
    const key = known.get(name);
    if (key === undefined) {
      const near = nearestName(name, [...known.keys()]);
      const mend = near ? `did you mean "${near}"?` : "--help lists the names";
      throw new CliError("input", `${path}: no setting is called ${JSON.stringify(name)}; ${mend}`);
    }
    read[key] = setting;
  }
  return read;
}

/** Settings are lists and pairs of plain values; deeper YAML would end the process, since its reader recurses until the stack ends. */
function boundedYaml(text: string): unknown {
  let [depth, deepest] = [0, 0];
  for (const c of text) {
    if (c === "[" || c === "{") deepest = Math.max(deepest, ++depth);
    else if (c === "]" || c === "}") depth--;
  }
  if (deepest > 20 || /^[ \t]*(?:[-?:][ \t]+){10}|^[ \t]{200}/m.test(text))
    throw new SyntaxError("nested too deeply");
  // Warnings of the parser are no talk of this program.
  return parseYaml(text, { logLevel: "error" });
}

const configText = (path: string): Promise<string> =>
  readPlainText(path, MAX_CONFIG_BYTES).catch((error: TensorFileError) => {
    if (error.code === "not-found") throw new CliError("input", `${path}: no such file; check --config`);
    if (error.code === "io") throw error;
    throw new CliError(
      "input",
      `${path}: this is no configuration file; give a JSON or YAML file with settings of this command`,
    );
  });

function parseConfig(path: string, text: string): object {
  let value: unknown;
  try {
    value = path.toLowerCase().endsWith(".json") ? boundedJson(text) : boundedYaml(text);
  } catch (error) {
    const [problem] = (error as Error).message.split("\n");
    throw new CliError("input", `${path}: cannot be read as JSON or YAML (${problem}); correct it`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CliError("input", `${path}: must hold names and values, such as "shots: 4"`);
  }
  return value;
}
