import { boundedJson } from "@inctrl/tensor/files";

/** What a stored value must be; a record checks the fields of an object. */
export type Check = ((value: unknown) => boolean) | { readonly [field: string]: Check };

/** Whether a value that was read from a file is what a table says. Other fields may be there. */
export function fits(value: unknown, check: Check): boolean {
  if (typeof check === "function") return check(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(check).every(([field, inner]) =>
    fits((value as Record<string, unknown>)[field], inner),
  );
}

/** The value of JSON text; null where it is none. */
export function parseJson(json: string | undefined): unknown {
  try {
    return boundedJson(json ?? "");
  } catch {
    return null;
  }
}

export const text: Check = (value) => typeof value === "string";
export const finite: Check = (value) => Number.isFinite(value);
export const object: Check = (value) => typeof value === "object" && value !== null;
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || fits(value, check);
export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every((item) => fits(item, check));
/** An object whose every value is of one form. */
export const mapOf =
  (check: Check): Check =>
  (value) =>
    fits(value, object) &&
    !Array.isArray(value) &&
    Object.values(value as object).every((item) => fits(item, check));
