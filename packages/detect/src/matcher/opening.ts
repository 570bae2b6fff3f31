import type { TensorFile } from "@inctrl/tensor";
import { type Check, fits, listOf, mapOf, orNull, parseJson, text } from "../shape.js";
import type { BankEntries } from "./amend.js";
import { fail } from "./bank-info.js";

/** What a bank was made for, so that nothing but its file and its backbone needs to be named to score with it. */
export interface BankOpening {
  readonly version: 1;
  /** The method's name. */
  readonly method: string;
  /** Options that were given to it, as `readOptions` takes them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the images show, for methods that ask text; null where that was not said. */
  readonly className: string | null;
  /** Whether a trained file was used beside it. */
  readonly heads: boolean;
}

/** The entry of a bank's metadata. */
const ENTRY = "opening";

/** What a bank was made for, as an entry of its metadata. */
export const openingEntry = (opening: BankOpening): BankEntries => ({ [ENTRY]: JSON.stringify(opening) });

/** What an open bank was made for; null where it does not say. @throws DetectError `bank` where that is damaged. */
export function openingIn({ path, metadata }: Pick<TensorFile, "path" | "metadata">): BankOpening | null {
  const entry = metadata[ENTRY];
  if (entry === undefined) return null;
  const opening = parseJson(entry) as BankOpening;
  if (!fits(opening, OPENING))
    throw fail(path, "what it was made for is damaged or of a later version; make it again");
  return opening;
}

const scalar: Check = (value) => ["string", "number", "boolean"].includes(typeof value);

const OPENING: Check = {
  version: (value) => value === 1,
  method: text,
  options: mapOf((value) => fits(value, scalar) || fits(value, listOf(scalar))),
  className: orNull(text),
  heads: (value) => typeof value === "boolean",
};
