import type { Tokenizer } from "@inctrl/clip";
import { type Ensemble, promptTexts } from "./prompts.js";

/**
 * Why a class name gives other prompts than are meant: it has no words, or it `cuts` prompts, as those that
 * are longer than the context end in the middle, and often before what tells normal from anomalous.
 *
 * @returns null for a good name.
 */
export function nameFault(
  { encode, decode }: Tokenizer,
  className: string,
  contextLength: number,
  ensemble?: Ensemble,
): { why: string; cuts: boolean } | null {
  if (encode(className.replaceAll("_", " ")).length === 0)
    return { why: "has no words; name the product", cuts: false };
  const { normal, anomaly } = promptTexts(className, ensemble);
  // Two places are for the marks of start and end.
  const room = contextLength - 2;
  const prompts = [...normal, ...anomaly].map(encode);
  const [longest] = prompts.toSorted((a, b) => b.length - a.length);
  if (longest.length <= room) return null;
  const lost = decode(longest.slice(room));
  const cut = prompts.filter(({ length }) => length > room).length;
  const why =
    `is too long for the text tower, which reads ${contextLength} tokens: ${cut} of ${prompts.length} prompts are cut, the longest ` +
    `before "${lost}"; shorten it by ${longest.length - room} tokens (a short word is one)`;
  return { why, cuts: true };
}
