import { DatasetError } from "../errors.js";
import type { DataSet } from "./model.js";

/** A layout that a published data set, or a list of one's own, comes in. */
export interface DatasetFormat {
  /** What stands before the colon of a data set's name: `mvtec`. */
  readonly name: string;
  /** The name for people. */
  readonly title: string;
  /** What stands after the colon: `DIR`. */
  readonly argument: string;
  /** The files it expects, in one line. */
  readonly layout: string;
  /** Whether EXIF's orientation is followed: in a user's own images. Published sets are read as papers read them. */
  readonly followsOrientation?: boolean;
  /** Options after `?`, each with its values or meaning. */
  readonly options?: Readonly<Record<string, string>>;
  open(argument: string, options: FormatOptions): Promise<DataSet>;
}

/** Options by name, as written. */
export type FormatOptions = Readonly<Record<string, string | undefined>>;

/** The error for a folder whose layout is not that of the format. */
export function layoutError(
  format: Pick<DatasetFormat, "title" | "layout">,
  where: string,
  problem: string,
): DatasetError {
  return new DatasetError(
    "bad-layout",
    `${where}: ${problem}; ${format.title} is laid out as ${format.layout}`,
  );
}

/**
 * Reads an option that has a fixed set of values; the first is the default.
 *
 * @throws DatasetError `bad-argument` for any other value
 */
export function readChoice<T extends string>(options: FormatOptions, name: string, values: readonly T[]): T {
  const given = options[name];
  const found = given === undefined ? values[0] : values.find((value) => value === given);
  if (found !== undefined) return found;
  throw new DatasetError("bad-argument", `option ${name}=${given}: give ${values.join(" or ")}`);
}

/**
 * Reads an option that is a whole number within bounds, both inclusive.
 *
 * @throws DatasetError `bad-argument` for anything else
 */
export function readWholeNumber(
  options: FormatOptions,
  name: string,
  fallback: number,
  [min, max]: readonly [number, number],
): number {
  const given = options[name];
  if (given === undefined) return fallback;
  if (/^\d{1,15}$/.test(given) && Number(given) >= min && Number(given) <= max) return Number(given);
  throw new DatasetError(
    "bad-argument",
    `option ${name}=${given}: give a whole number from ${min} to ${max}`,
  );
}
