import { basename } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";

type Default = string | number | boolean | readonly string[];

type Value<D extends Default> = D extends string
  ? string
  : D extends number
    ? number
    : D extends boolean
      ? boolean
      : readonly string[];

/**
 * The arguments of a study, from the command line.
 *
 * @param needed paths that must be given, such as `data`, the folder of real sets.
 * @param others what the others are where they are left out. A boolean is a switch, and a list may be given several times.
 * @throws Error with the usage where a path is left out, or something else stands for a number.
 * @example
 * const { data, draws } = studyArguments(["data"], { draws: 3 });
 */
export function studyArguments<
  const Needed extends string,
  const Others extends Readonly<Record<string, Default>>,
>(
  needed: readonly Needed[],
  others: Others,
): Readonly<Record<Needed, string>> & { readonly [K in keyof Others]: Value<Others[K]> } {
  const options: ParseArgsConfig["options"] = {};
  for (const name of needed) options[name] = { type: "string" };
  for (const [name, value] of Object.entries(others))
    options[name] = {
      type: typeof value === "boolean" ? "boolean" : "string",
      multiple: Array.isArray(value),
    };
  const found: Record<string, unknown> = { ...others, ...parseArgs({ options }).values };
  for (const [name, value] of Object.entries(others))
    if (typeof value === "number") found[name] = Number(found[name]);
  const isLacking = needed.some((name) => found[name] === undefined);
  if (isLacking || Object.values(found).some(Number.isNaN)) throw new Error(usageOf(needed, others));
  return found as never;
}

function usageOf(needed: readonly string[], others: Readonly<Record<string, Default>>): string {
  const optional = Object.entries(others).map(([name, value]) =>
    typeof value === "boolean" ? `[--${name}]` : `[--${name} ${value === "" ? "TEXT" : value}]`,
  );
  const parts = [...needed.map((name) => `--${name} PATH`), ...optional];
  return `usage: ${basename(process.argv[1])} ${parts.join(" ")}`;
}
