import { relative, sep } from "node:path";
import { byName } from "../folder/list.js";

/** The entry of this name, in any case. */
export function named(names: readonly string[], wanted: string): string | undefined {
  return byName(names).find((name) => name.toLowerCase() === wanted.toLowerCase());
}

/** The path of a file in a data set, the same on every system. */
export function idOf(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}

/** The known name nearest to a mistyped one, if any is near. */
export function nearestName(wanted: string, known: readonly string[]): string | undefined {
  const typed = wanted.slice(0, 40).toLowerCase();
  let best: string | undefined;
  let least = Math.max(2, typed.length / 2);
  for (const name of known) {
    const distance = name.startsWith(typed) && typed.length > 1 ? 0 : editDistance(typed, name);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

/** Levenshtein's distance: the insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
