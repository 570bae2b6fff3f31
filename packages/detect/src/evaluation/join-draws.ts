import { readSealed } from "../files/sealed-lines.js";
import { DrawStore } from "./draw-store.js";
import type { Settings } from "./types.js";

/**
 * Joins files of draws, such as those of categories that several machines measured, to one. Each is held against its checksums.
 *
 * @param stores the text of each file, in the order that the draws are to have, and what an error calls it.
 * @returns the text of a file with all draws.
 * @throws DetectError `evaluation` for a damaged file, and for one that was measured with other settings than the first.
 * @example
 * await writeFile("all.draws.jsonl", joinDraws([{ name: "bottle", text: bottle }, { name: "cable", text: cable }]));
 */
export function joinDraws(stores: readonly { readonly name: string; readonly text: string }[]): string {
  const [first] = readSealed(stores[0]?.text ?? "");
  const settings = (first?.entry as { settings?: Settings } | undefined)?.settings ?? {};
  const draws = stores.flatMap(({ name, text }) => DrawStore.of(name, text, settings).draws);
  return DrawStore.textOf(settings, draws);
}
