import { DatasetError } from "../errors.js";
import type { DataSet } from "./model.js";

/** A layout that a published data set, or a list of one's own, comes in. */
export interface Form {
  /** What stands before the colon: `mvtec`. */
  readonly name: string;
  /** What it is, for people. */
  readonly title: string;
  /** What stands after the colon: `DIR`. */
  readonly argument: string;
  /** What has to be there, in one line. */
  readonly layout: string;
  /** Options after `?`, each with its values or meaning. */
  readonly options?: Readonly<Record<string, string>>;
  open(argument: string, options: Options): Promise<DataSet>;
}

/** Options by name, as written. */
export type Options = Readonly<Record<string, string | undefined>>;

/** The error for a folder that is not laid out as `form`. */
export function layoutError(
  form: Pick<Form, "title" | "layout">,
  where: string,
  problem: string,
): DatasetError {
  return new DatasetError("bad-layout", `${where}: ${problem}; ${form.title} is laid out as ${form.layout}`);
}

/** One of the values that an option may have; the first when it is not given. */
export function choice<T extends string>(options: Options, name: string, values: readonly T[]): T {
  const given = options[name];
  const found = given === undefined ? values[0] : values.find((value) => value === given);
  if (found !== undefined) return found;
  throw new DatasetError("bad-argument", `option ${name}=${given}: give ${values.join(" or ")}`);
}

/** A whole number within bounds from an option. */
export function wholeNumber(
  options: Options,
  name: string,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  const given = options[name];
  if (given === undefined) return fallback;
  if (/^\d{1,15}$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  throw new DatasetError(
    "bad-argument",
    `option ${name}=${given}: give a whole number from ${least} to ${most}`,
  );
}
