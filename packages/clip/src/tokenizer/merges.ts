import { ClipError } from "../errors.js";

/** A byte-pair vocabulary: tokens by id, and the rank of each merge ("left right"). */
export interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly tokens: readonly string[];
  readonly ranks: ReadonlyMap<string, number>;
}

/** Merges of CLIP's own vocabulary, which then has 49408 tokens. */
const CLIP_MERGES = 48_894;
/** Bytes, bytes that end a word, and the two marks. */
const FIXED_TOKENS = 2 * 256 + 2;
const MAX_TOKEN_LENGTH = 256;

/** Ends every word's last symbol. */
export const END_OF_WORD = "</w>";

/**
 * The character that stands for each byte in a merges file: printable Latin-1 for itself, the others from U+0100
 * on. In the order of the first 256 token ids.
 */
export function byteCharacters(): Map<number, string> {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const shown = bytes.filter(printable).map((byte): [number, string] => [byte, String.fromCharCode(byte)]);
  const hidden = bytes.filter((byte) => !printable(byte));
  return new Map([
    ...shown,
    ...hidden.map((byte, i): [number, string] => [byte, String.fromCharCode(256 + i)]),
  ]);
}

const CHARACTERS = byteCharacters();

/** A word's bytes as symbols, the last of which ends it. */
export function symbolsOf(word: string): string[] {
  const symbols = Array.from(new TextEncoder().encode(word), (byte) => CHARACTERS.get(byte)!);
  symbols[symbols.length - 1] += END_OF_WORD;
  return symbols;
}

/**
 * Builds a vocabulary from the text of a merges file: "left right" a line, a first line with "#version" skipped.
 *
 * @param vocabSize determines how many merges are used. Default: all, but at most CLIP's 48,894.
 * @throws ClipError `vocabulary`.
 */
export function parseMerges(text: string, vocabSize: number | undefined, label: string): Vocabulary {
  const wanted = vocabSize === undefined ? CLIP_MERGES : vocabSize - FIXED_TOKENS;
  const refuse = (why: string) => new ClipError("vocabulary", `${label}: ${why}`);
  if (!Number.isSafeInteger(wanted) || wanted < 0)
    throw refuse(`a vocabulary has at least ${FIXED_TOKENS} tokens, not ${vocabSize}`);

  const bytes = [...CHARACTERS.values()];
  const tokens = [...bytes, ...bytes.map((character) => character + END_OF_WORD)];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const ranks = new Map<string, number>();
  for (const [number, line] of mergeLines(text)) {
    if (ranks.size === wanted) break;
    const [left, right, ...rest] = line.split(" ");
    const known = left !== undefined && right !== undefined && ids.has(left) && ids.has(right);
    if (!known || rest.length > 0 || line.length > MAX_TOKEN_LENGTH)
      throw refuse(
        `line ${number} is no merge of two earlier tokens; give CLIP's bpe_simple_vocab_16e6.txt.gz or a merges.txt`,
      );
    ranks.set(line, ranks.size);
    ids.set(left + right, tokens.length);
    tokens.push(left + right);
  }
  if (ranks.size === 0 && wanted > 0) throw refuse("holds no merges");
  if (vocabSize !== undefined && ranks.size < wanted)
    throw refuse(
      `holds ${ranks.size} merges, but the model's ${vocabSize} tokens need ${wanted}; give the file that came with the model`,
    );
  for (const mark of ["<start_of_text>", "<end_of_text>"]) {
    ids.set(mark, tokens.length);
    tokens.push(mark);
  }
  return { ids, tokens, ranks };
}

/** Non-empty lines with their numbers, without splitting the whole file. */
function* mergeLines(text: string): Iterable<[number, string]> {
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).replace(/\r$/, "");
    start = end + 1;
    if (line !== "" && !(number === 1 && line.includes("#version"))) yield [number, line];
  }
}
