import { distance } from "fastest-levenshtein";

/**
 * What a terminal would take for a command, or show in another place than it stands, and no letter: control characters but the
 * line feed, marks that change the direction of text, separators of lines, and halves of surrogate pairs.
 */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is meant
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

/**
 * Text for a terminal: file names and foreign messages may hold anything, and what is no letter of them is shown as `\u001b`.
 * In JSON, these are the characters themselves.
 *
 * @example
 * printable("\u001b[31mred.png"); // "\\u001b[31mred.png"
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text.trim()).replace(/\n/g, "\\n");
}

/** "1 image", "2 images", "3 categories". */
export function count(n: number, one: string, several = `${one}s`): string {
  return `${n} ${n === 1 ? one : several}`;
}

/** Items by their keys, in the order in which these come up first. */
export function grouped<T, K>(items: Iterable<T>, keysOf: (item: T) => Iterable<K>): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    for (const key of new Set(keysOf(item))) {
      const members = groups.get(key);
      if (members) members.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}

/** The known name nearest to a mistyped one, if any is near. */
export function nearestName(wanted: string, known: readonly string[]): string | undefined {
  const typed = wanted.slice(0, 40).toLowerCase();
  let best: string | undefined;
  let least = Math.max(2, typed.length / 2);
  for (const name of known) {
    const edits = name.startsWith(typed) && typed.length > 1 ? 0 : distance(typed, name);
    if (edits < least) [best, least] = [name, edits];
  }
  return best;
}
