/** An option of a method: what it takes, what help says of it, and how text of a command line becomes its value. */
export interface MethodOption<T = unknown> {
  /** One line, without the default. */
  readonly help: string;
  /** What may be given, in words: "a whole number from 1". */
  readonly takes: string;
  readonly byDefault: T;
  /** The default in words, where the value does not tell it. */
  readonly defaultText?: string;
  /** The value of text, or of a value; undefined where it is none. */
  read(given: unknown): T | undefined;
}

export type MethodOptions = Readonly<Record<string, MethodOption>>;

/** Values of options by name. */
export type OptionValues<O extends MethodOptions> = {
  readonly [K in keyof O]: O[K] extends MethodOption<infer T> ? T : never;
};

/** A number within bounds. @example option.number(4, "sigma of the blur in pixels", { least: 0 }) */
export function number<D extends number | undefined = number>(
  byDefault: D,
  help: string,
  bounds: { least?: number; most?: number; whole?: boolean; defaultText?: string } = {},
): MethodOption<number | D> {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, whole, defaultText } = bounds;
  const kind = whole ? "a whole number" : "a number";
  const range = `${Number.isFinite(least) ? ` from ${least}` : ""}${Number.isFinite(most) ? ` to ${most}` : ""}`;
  return {
    ...{ help, byDefault, defaultText, takes: kind + range },
    read(given) {
      const value = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
      const fits = typeof value === "number" && value >= least && value <= most && Number.isFinite(value);
      return fits && (!whole || Number.isInteger(value)) ? value : undefined;
    },
  };
}

/** One of several words or numbers. @example option.choice("symmetric", "border of the blur", ["symmetric", "mirror"]) */
export function choice<const T extends string | number, D extends T | undefined>(
  byDefault: D,
  help: string,
  values: readonly T[],
  defaultText?: string,
): MethodOption<T | D> {
  return {
    ...{ help, byDefault, defaultText, takes: values.join(" or ") },
    read: (given) => values.find((value) => String(value) === String(given)),
  };
}

/** On or off. @example option.flag(false, "shows prompts in all turns") */
export function flag(byDefault: boolean, help: string): MethodOption<boolean> {
  const words = new Map<unknown, boolean>([
    ["true", true],
    ["on", true],
    ["false", false],
    ["off", false],
  ]);
  return {
    ...{ help, byDefault, takes: "on or off" },
    read: (given) => (typeof given === "boolean" ? given : words.get(given)),
  };
}

/** Text or a list that a function reads. @param read gives undefined for what it does not take. */
export const custom = <T, D extends T | undefined>(
  byDefault: D,
  help: string,
  takes: string,
  read: (given: unknown) => T | undefined,
  defaultText?: string,
): MethodOption<T | D> => ({ byDefault, help, takes, read, defaultText });
