import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { writeFileAtomic } from "@inctrl/datasets";

/** A file of this repository. */
export const fileOf = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/**
 * Replaces the text between two marks of a file, such as `<!-- bench ... -->` and `<!-- /bench -->`.
 *
 * @throws Error where the file lacks a mark, or has them in the wrong order.
 */
export async function fillBetween(path: string, begin: string, end: string, content: string): Promise<void> {
  const text = await readFile(path, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path}: has no "${begin}" before a "${end}"`);
  await writeFileAtomic(path, `${text.slice(0, from + begin.length)}\n${content}${text.slice(to)}`);
}
