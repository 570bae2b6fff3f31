import { type Command, InvalidArgumentError } from "commander";

// Values of options, read and checked; commander puts the option's name before these words.

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const to = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Give a whole number, ${to}.`);
  };
}

/** A finite number, zero or more. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("Give a number, zero or more.");
}

const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };

/** Bytes of a size such as 500MB; null for what is none. */
export function parseSize(text: string): number | null {
  const [, digits, unit = "b"] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?b)?\s*$/i.exec(text) ?? [];
  return digits === undefined ? null : Number(digits) * UNITS[unit.toLowerCase()]!;
}

/** A size, as an option. */
export function byteSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes !== null) return bytes;
  throw new InvalidArgumentError("Give a size, such as 500MB or 20GB.");
}

/** In how many symmetries of the square prompts are compared. */
export function readTurns(text: string): 1 | 8 {
  if (text === "1" || text === "8") return Number(text) as 1 | 8;
  throw new InvalidArgumentError("Give 1 or 8.");
}

/** What stands on the command line, without defaults. */
export function givenOptions(command: Command): Record<string, unknown> {
  const given = Object.entries(command.opts());
  return Object.fromEntries(given.filter(([name]) => command.getOptionValueSource(name) === "cli"));
}
