import { ClipError } from "../errors.js";
import { cleanText, WORD } from "./clean.js";
import { symbolsOf } from "./merges.js";

/** A word as symbols, with its count in the texts. */
interface Word {
  symbols: string[];
  readonly count: number;
}

/**
 * Learns a byte-pair vocabulary (Sennrich et al. 2016) from texts: again and again the most frequent pair of neighbouring
 * symbols becomes one; of equally frequent pairs the first in the order of their text, so that equal texts give equal files.
 *
 * @param merges how many at most; fewer where every word has become one symbol.
 * @returns a merges file in CLIP's format, for `createTokenizer`.
 * @throws ClipError `vocabulary` where the texts hold no pair.
 * @example
 * const tokenizer = createTokenizer(learnMerges(captions, 1000));
 */
export function learnMerges(texts: Iterable<string>, merges: number): string {
  const words = wordsOf(texts);
  const learnt: string[] = [];
  while (learnt.length < merges) {
    const best = mostFrequent(words);
    if (best === null) break;
    learnt.push(best);
    for (const word of words) join(word, best);
  }
  if (learnt.length === 0)
    throw new ClipError("vocabulary", "the texts hold no pair of symbols to learn from; give longer ones");
  return `#version: 0.2\n${learnt.join("\n")}\n`;
}

function wordsOf(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of cleanText(text).match(WORD) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({ symbols: symbolsOf(word), count }));
}

/** The most frequent "left right"; null where no word has two symbols. */
function mostFrequent(words: readonly Word[]): string | null {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: string | null = null;
  let most = 0;
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best !== null && pair < best)) [best, most] = [pair, count];
  }
  return best;
}

function join(word: Word, pair: string): void {
  const { symbols } = word;
  for (let i = 0; i + 1 < symbols.length; i++) {
    if (`${symbols[i]} ${symbols[i + 1]}` === pair) symbols.splice(i, 2, symbols[i] + symbols[i + 1]);
  }
}
