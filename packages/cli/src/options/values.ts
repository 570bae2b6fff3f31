import type { WindowRequest } from "@inctrl/detect";
import { z } from "zod";

// What values an option may have. Each schema reads text from the command line as well as a value of a configuration
// file, and its message says what to give.

const bounds = (least: number, most: number): string =>
  most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`;

/** Text that is a number becomes that number; everything else is left for the schema to refuse. */
function asNumber(value: unknown): unknown {
  return typeof value === "string" && value.trim() !== "" ? Number(value) : value;
}

/** A whole number within bounds. */
export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const error = `give a whole number, ${bounds(least, most)}`;
  return z.preprocess(asNumber, z.int({ error }).min(least, { error }).max(most, { error }));
}

/** A finite number, zero or more. */
export function nonNegative() {
  const error = "give a number, zero or more";
  return z.preprocess(asNumber, z.number({ error }).min(0, { error }));
}

/** A finite number above zero. */
export function positive() {
  const error = "give a number above zero";
  return z.preprocess(asNumber, z.number({ error }).gt(0, { error }));
}

/** A share from 0 to 1 without 1, as a number or in percent. */
export const share = (least: "above 0" | "from 0") => {
  const error = `give a share ${least}, below 1, such as 1% or 0.01`;
  const read = (value: unknown) => {
    const [, digits, percent] = /^\s*(\d*\.?\d+)\s*(%?)\s*$/.exec(String(value)) ?? [];
    return digits === undefined ? Number.NaN : Number(digits) / (percent ? 100 : 1);
  };
  const isShare = (value: number) => value < 1 && (value > 0 || (value === 0 && least === "from 0"));
  return z.preprocess(read, z.number({ error }).refine(isShare, { error }));
};

/** One of several numbers. */
export function oneOfNumbers<const T extends readonly [number, ...number[]]>(...numbers: T) {
  return z.preprocess(
    asNumber,
    z.literal(numbers as readonly T[number][], { error: `give ${listed(numbers)}` }),
  );
}

/** Whole numbers separated by commas, or a list of them. */
export function wholeList(least: number, most: number, example: string) {
  const error = `give whole numbers ${bounds(least, most)}, separated by commas, such as ${example}`;
  const split = (value: unknown) =>
    typeof value === "string" && /^\s*\d+\s*(,\s*\d+\s*)*$/.test(value)
      ? value.split(",").map(Number)
      : value;
  return z.preprocess(
    split,
    z.array(z.int({ error }).min(least, { error }).max(most, { error }), { error }).min(1, { error }),
  );
}

/** Text that is not empty. */
export const text = z.string({ error: "give text" }).min(1, { error: "give text that is not empty" });

/** A switch. */
export const flag = z.boolean({ error: "give true or false" });

/** One of several words. */
export function oneOf<const T extends readonly [string, ...string[]]>(...words: T) {
  return z.enum(words, { error: `give ${listed(words)}` });
}

/** "a, b or c" */
const listed = (values: readonly (string | number)[]): string =>
  values.length > 1 ? `${values.slice(0, -1).join(", ")} or ${values.at(-1)}` : String(values[0]);

/** A list of texts; one text is a list of one. */
export const texts = z.preprocess(
  (value) => (typeof value === "string" ? [value] : value),
  z.array(text, { error: "give a list of names" }),
);

/** Names separated by commas, or a list of them. */
export const names = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").filter(Boolean) : value),
  z.array(text, { error: "give a list of names" }),
);

/** Pairs "key=value" of a command line, or a record. */
export function pairs(error: string) {
  return z.preprocess(
    (value) => {
      if (!Array.isArray(value)) return value;
      const entries = value.map((pair) => String(pair).split(/=(.*)/s).slice(0, 2));
      return entries.every(([key, name]) => key && name) ? Object.fromEntries(entries) : value;
    },
    z.record(text, text, { error }),
  );
}

const WINDOW_ERROR = "give auto, full, or the values of black and white, such as 0:4095";

/** `auto`, `full`, or `LO:HI` as two numbers. */
export const windowRange = z.string({ error: WINDOW_ERROR }).transform((value, context): WindowRequest => {
  if (value === "auto" || value === "full") return value;
  const [low, high, ...more] = value
    .split(":")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (more.length === 0 && low < high) return [low, high];
  context.addIssue({ code: "custom", message: WINDOW_ERROR });
  return z.NEVER;
});

/**
 * A number with a unit, as a multiple of the smallest.
 *
 * @param units what each unit is worth, in small letters.
 * @param alone the unit of a number without one.
 */
const amount = (units: Readonly<Record<string, number>>, alone: string, error: string) =>
  z.union([z.number(), z.string()], { error }).transform((value, context): number => {
    const [, digits, unit = alone] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)?\s*$/i.exec(String(value)) ?? [];
    const key = unit.toLowerCase();
    if (digits !== undefined && Object.hasOwn(units, key)) return Number(digits) * units[key];
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  });

/** A size such as 500MB, in bytes. */
export const byteSize = amount(
  { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  "b",
  "give a size, such as 500MB or 20GB",
);

/** A time such as 2s, in milliseconds; a number alone is in seconds. */
export const duration = amount(
  { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 },
  "s",
  "give a time, such as 500ms, 2s or 5m",
);
