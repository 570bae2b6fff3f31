import { readFile, stat } from "node:fs/promises";
import { nearestName } from "@inctrl/datasets";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { CliError } from "./errors.js";

// Settings of commands that take a config file: their types, and how a file and the command line become one.

export const whole = (least: number, most: number = Number.MAX_SAFE_INTEGER) => {
  const error = `give a whole number, ${most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};
export const positive = (least: number, error: string) => z.number({ error }).min(least, { error });
export const text = z.string({ error: "give text" }).min(1, { error: "give text that is not empty" });
export const flag = z.boolean({ error: "give true or false" });
export const oneOf = <T extends string>(...values: T[]) =>
  z.enum(values, { error: `give ${values.join(" or ")}` });
/** One value stands for a list of one. */
export const list = z.preprocess(
  (value) => (typeof value === "string" ? [value] : value),
  z.array(text, { error: "give a list of names" }),
);

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Most bytes of a config file. */
const MOST_BYTES = 1e6;

/** What the user wrote on the command line, by name in camel case. */
export type Given = Readonly<Record<string, unknown>>;

/**
 * The settings of a run: those given on the command line, then those of a config file, then the defaults.
 *
 * @param schema every setting with its default; in a config file the names are those of the command line.
 * @throws CliError `option` or `input` naming the setting, where it stands and what it may be.
 */
export async function settingsOf<S extends z.ZodObject>(
  schema: S,
  given: Given,
  configFile?: string,
): Promise<z.infer<S>> {
  const fromFile = configFile === undefined ? {} : await readConfig(configFile, Object.keys(schema.shape));
  const parsed = schema.safeParse({ ...fromFile, ...given });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const key = String(path[0]);
  const where =
    Object.hasOwn(given, key) || configFile === undefined
      ? `--${kebab(key)}`
      : `${configFile}: ${kebab(key)}`;
  throw new CliError("option", `${where}: ${message}`);
}

async function readConfig(path: string, keys: readonly string[]): Promise<Record<string, unknown>> {
  const info = await stat(path).catch(() => null);
  if (!info) throw new CliError("input", `${path}: no such file; check --config`);
  if (!info.isFile() || info.size > MOST_BYTES) {
    throw new CliError(
      "input",
      `${path}: this is no config file; give a JSON or YAML file with settings of this command`,
    );
  }
  let value: unknown;
  try {
    const content = await readFile(path, "utf8");
    value = path.toLowerCase().endsWith(".json") ? JSON.parse(content) : parseYaml(content);
  } catch (error) {
    const [problem] = (error as Error).message.split("\n");
    throw new CliError("input", `${path}: cannot be read as JSON or YAML (${problem}); correct it`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CliError("input", `${path}: must hold names and values, such as "shots: 4"`);
  }
  const known = new Map(keys.map((key) => [kebab(key), key]));
  return Object.fromEntries(
    Object.entries(value).map(([name, setting]) => {
      const key = known.get(name);
      if (key) return [key, setting];
      const near = nearestName(name, [...known.keys()]);
      const mend = near ? `did you mean "${near}"?` : "inctrl train --help lists the names";
      throw new CliError("input", `${path}: no setting is called ${JSON.stringify(name)}; ${mend}`);
    }),
  );
}
