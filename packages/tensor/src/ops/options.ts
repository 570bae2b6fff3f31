import { check, kindOf, TensorError } from "../errors.js";
import { Tensor } from "../tensor.js";

/** What an option may hold: a test, and words for it that follow "must be". */
interface OptionType {
  readonly holds: (value: unknown) => boolean;
  readonly words: string;
}

/** The options of a function: which argument they are, counted from 0, and what each of them holds. */
export interface Options {
  readonly at: number;
  readonly takes: Readonly<Record<string, OptionType>>;
}

export const FLAG: OptionType = { holds: (value) => typeof value === "boolean", words: "true or false" };
export const NUMBER: OptionType = {
  holds: (value) => typeof value === "number" && !Number.isNaN(value),
  words: "a number, and not NaN",
};
export const PAIR: OptionType = {
  holds: (value) => [value].flat().every((each) => typeof each === "number"),
  words: "a number, or two",
};
export const TENSOR: OptionType = {
  holds: (value) => value === null || value instanceof Tensor,
  words: "a tensor",
};

/* @__NO_SIDE_EFFECTS__ */
export const oneOf = (...names: readonly string[]): OptionType => ({
  holds: (value) => names.includes(value as string),
  words: listed(
    names.map((name) => `"${name}"`),
    "or",
  ),
});
/** The type in which a matrix is packed. */
export const FLOAT_TYPE = oneOf("float32", "float16");

/* @__NO_SIDE_EFFECTS__ */
export const group = (takes: Options["takes"]): OptionType => ({
  holds: (value) =>
    isPlain(value) &&
    Object.entries(value).every(
      ([key, own]) => Object.hasOwn(takes, key) && (own === undefined || takes[key].holds(own)),
    ),
  words: `an object of ${listed(Object.keys(takes), "and")}`,
});

/** "a, b or c". */
function listed(names: readonly string[], last: string): string {
  return names.length < 2
    ? names.join()
    : `${names.slice(0, -1).join(", ")} ${last} ${names[names.length - 1]}`;
}

const isPlain = (value: unknown): value is Record<string, unknown> => kindOf(value) === "a plain object";

/** Arguments that a function does not take, whatever it found wrong with them. */
export const unfit = (
  name: string,
  args: readonly unknown[],
  mend = "give tensors and options as its signature says",
  cause?: unknown,
): TensorError =>
  new TensorError(
    "argument",
    `${name}: the arguments do not fit (${args.map(kindOf).join(", ") || "none"}); ${mend}`,
    cause === undefined ? undefined : { cause },
  );

/**
 * Holds arguments to the options that a function takes, as plain JavaScript may give them.
 *
 * @throws TensorError `argument` for options in another argument's place, another thing in theirs, an unknown name or a wrong type.
 */
export function checkOptions(name: string, options: Options | undefined, args: readonly unknown[]): void {
  for (const [i, given] of args.entries()) {
    if (given === undefined || isPlain(given) === (i === options?.at)) continue;
    const mend = options
      ? `argument ${options.at + 1} holds the options, such as { ${Object.keys(options.takes)[0]} }`
      : "it has no options";
    throw unfit(name, args, mend);
  }
  if (!options) return;
  for (const [key, value] of Object.entries(args[options.at] ?? {})) {
    const type = options.takes[key];
    check(
      Object.hasOwn(options.takes, key),
      "argument",
      () => `${name}: there is no option ${key}; use ${listed(Object.keys(options.takes), "or")}`,
    );
    check(
      value === undefined || type.holds(value),
      "argument",
      () =>
        `${name}: ${key} ${typeof value === "string" ? `"${value}"` : `is ${kindOf(value)} and`} must be ${type.words}`,
    );
  }
}
