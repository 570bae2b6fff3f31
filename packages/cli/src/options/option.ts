import { Option } from "commander";
import type { z } from "zod";

/**
 * An option or an argument of a verb. Help, check, type and the name in a configuration file all come from it.
 * The key under which a verb lists it is its name: `cacheLimit` is `--cache-limit`, and `cache-limit` in a file.
 */
export interface OptionSpec<S extends z.ZodType = z.ZodType> {
  /** The value as help shows it: "<K>", "<paths...>", "[file]"; "" for a switch. */
  readonly value: string;
  /** One line of help, without the default. */
  readonly help: string;
  /** Checks the value, which may be text of the command line, and gives its type and default. */
  readonly schema: S;
  /** The default in words, where the schema's own does not tell enough. */
  readonly byDefault?: string;
  /** Help of `--no-NAME`, which sets false. A spec without `help` has this form alone. */
  readonly no?: string;
  /** Earlier names, in camel case: still understood, and not shown. */
  readonly aliases?: readonly string[];
  /** The heading it stands under in help. */
  readonly group?: string;
  /** It is given by its place instead of by its name. */
  readonly positional?: boolean;
  /** It names a file with values of the other options. */
  readonly configFile?: boolean;
}

export type Options = Readonly<Record<string, OptionSpec>>;

/** The values of a verb's options, by name. */
export type Settings<O extends Options> = z.infer<z.ZodObject<{ [K in keyof O]: O[K]["schema"] }>>;

export type Extra = Pick<OptionSpec, "byDefault" | "no" | "aliases" | "configFile">;

/**
 * An option.
 *
 * @param extra what else there is to say; text is the default in words.
 * @example
 * const shots = option("<K>", "use K of the prompts, the first by name", whole(1).optional(), "all");
 */
export function option<S extends z.ZodType>(
  value: string,
  help: string,
  schema: S,
  extra: Extra | string = {},
): OptionSpec<S> {
  return { value, help, schema, ...(typeof extra === "string" ? { byDefault: extra } : extra) };
}

/** An argument that is given by its place: "<spec>" is needed, "[folder]" may be left out. */
export function argument<S extends z.ZodType>(value: string, help: string, schema: S): OptionSpec<S> {
  return { value, help, schema, positional: true };
}

/** Options under one heading of help. */
export function group<O extends Options>(heading: string, options: O): O {
  const entries = Object.entries(options).map(([name, spec]) => [name, { ...spec, group: `${heading}:` }]);
  return Object.fromEntries(entries) as O;
}

/** `cacheLimit` as it is written on the command line and in files: `cache-limit`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The help of an option with its default. */
export function helpOf({ help, schema, byDefault }: OptionSpec): string {
  const { data } = schema.safeParse(undefined);
  const fixed = typeof data === "string" || typeof data === "number" || Array.isArray(data);
  const told = byDefault ?? (fixed ? String(data) : undefined);
  if (told === undefined) return help;
  return `${help}${help === "" ? "" : " "}(default: ${told})`;
}

/** An option as commander knows it: its form in help, its negation, and its earlier names, hidden. */
export function commanderOptions(name: string, spec: OptionSpec): Option[] {
  const { value, help, schema, no, aliases = [], group } = spec;
  const under = (made: Option): Option => (group === undefined ? made : made.helpGroup(group));
  const flags = (key: string) => `--${kebab(key)} ${value}`.trimEnd();
  const shown = help === "" && no !== undefined ? [] : [under(new Option(flags(name), helpOf(spec)))];
  for (const each of shown) each.makeOptionMandatory(!schema.safeParse(undefined).success);
  const negated = no === undefined ? [] : [under(new Option(`--no-${kebab(name)}`, no))];
  return [...shown, ...negated, ...aliases.map((alias) => under(new Option(flags(alias)).hideHelp()))];
}
