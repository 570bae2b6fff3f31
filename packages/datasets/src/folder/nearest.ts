import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { distance } from "fastest-levenshtein";

/** Larger folders are not searched: each missing file of a list searches anew. */
const MAX_NAMES = 5000;

/** The bytes of characters of Windows-1252, which zip programs take names for. */
const WINDOWS = new Map(
  [...new TextDecoder("windows-1252").decode(Uint8Array.from({ length: 256 }, (_, i) => i))].map((c, i) => [
    c,
    i,
  ]),
);

/** Letters that a mistyped name may have otherwise; two that changed places are two. */
const SLIPS = 2;

/** A name without what encodings, composed letters and case make of it. */
function folded(name: string): string {
  const bytes = [...name].map((char) => WINDOWS.get(char) ?? -1);
  const read = bytes.includes(-1) ? "\ufffd" : Buffer.from(bytes).toString("utf8");
  return (read.includes("\ufffd") ? name : read).normalize("NFC").toLowerCase();
}

const digits = (name: string): string => name.replace(/\D+/g, " ");

/**
 * The name beside a file that is not there which is probably meant: the same in another encoding or case, or nearly the same with
 * the same numbers.
 */
export async function nearestFile(path: string): Promise<string | undefined> {
  const names = await readdir(dirname(path)).catch((): string[] => []);
  if (names.length > MAX_NAMES) return undefined;
  const wanted = basename(path);
  const same = names.find((name) => folded(name) === folded(wanted));
  return same ?? names.find((name) => digits(name) === digits(wanted) && distance(name, wanted) <= SLIPS);
}
