import { isAbsolute, relative, sep } from "node:path";
import { byName } from "../folder/list.js";

/** The entry of this name, in any case. */
export function named(names: readonly string[], wanted: string): string | undefined {
  return byName(names).find((name) => name.toLowerCase() === wanted.toLowerCase());
}

/** The path of a file in a data set, the same on every system. */
export function idOf(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}

/** Whether a path leads into a folder, and not to the folder itself. */
export function liesBelow(folder: string, path: string): boolean {
  const inner = relative(folder, path);
  return inner !== "" && inner !== ".." && !inner.startsWith(`..${sep}`) && !isAbsolute(inner);
}

/** The first few names of a list, in a sentence. */
export function some(names: readonly string[]): string {
  return names.slice(0, 4).join(", ") + (names.length > 4 ? `, and ${names.length - 4} more` : "");
}
