import { readPlainFile } from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";
import { cleanText, WORD } from "./clean.js";
import { byteCharacters, END_OF_WORD, parseMerges, symbolsOf, type Vocabulary } from "./merges.js";

/** CLIP's byte-pair tokenizer. */
export interface Tokenizer {
  readonly vocabSize: number;
  readonly startOfText: number;
  /** The highest id, so that a row's end is its arg-max. */
  readonly endOfText: number;
  /** Ids of a text, without start and end. */
  encode(text: string): number[];
  /**
   * Rows of `contextLength` ids (default 77), row-major: start, text, end, zeros. A text that is too long is cut
   * and still ends with the end mark.
   */
  tokenize(texts: readonly string[], contextLength?: number): Int32Array;
  /** Text of ids; start, end and padding after the end are left out. */
  decode(ids: Iterable<number>): string;
}

export interface TokenizerOptions {
  /** Tokens of the model, which determine how many merges of the file are used. */
  readonly vocabSize?: number;
  /** Name of the file, for messages. */
  readonly label?: string;
}

const CONTEXT_LENGTH = 77;
/** Longest text taken, in UTF-16 units: merging a word costs the square of its length. */
const MAX_TEXT = 10_000;
const MAX_CACHED_WORDS = 10_000;
const MAX_VOCABULARY_BYTES = 64 * 1024 * 1024;

/**
 * Opens a merges file in CLIP's format, gzipped or plain. Node only.
 *
 * @throws ClipError `vocabulary`.
 * @example
 * const tokenizer = await openTokenizer("bpe_simple_vocab_16e6.txt.gz")
 * tokenizer.encode("a photo of a cat.") // [320, 1125, 539, 320, 2368, 269]
 */
export async function openTokenizer(path: string, options: TokenizerOptions = {}): Promise<Tokenizer> {
  const { gunzipSync } = await import("node:zlib");
  let bytes: Uint8Array;
  try {
    bytes = await readPlainFile(path, MAX_VOCABULARY_BYTES);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b)
      bytes = gunzipSync(bytes, { maxOutputLength: MAX_VOCABULARY_BYTES });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClipError("vocabulary", `${path}: cannot be read as a vocabulary (${reason})`, {
      cause: error,
    });
  }
  return createTokenizer(new TextDecoder().decode(bytes), { label: path, ...options });
}

/**
 * Makes a tokenizer from the text of a merges file.
 *
 * @example
 * const tokenizer = createTokenizer("#version: 0.2\nc a\nca t</w>\n", { vocabSize: 516 })
 * tokenizer.encode("cat") // [513]
 */
export function createTokenizer(merges: string, options: TokenizerOptions = {}): Tokenizer {
  const vocabulary = parseMerges(merges, options.vocabSize, options.label ?? "vocabulary");
  const { tokens, ids } = vocabulary;
  const encodeWord = wordEncoder(vocabulary);
  const startOfText = tokens.length - 2;
  const endOfText = tokens.length - 1;

  const encode = (text: string): number[] => {
    if (text.length > MAX_TEXT)
      throw new ClipError(
        "text",
        `text of ${text.length} characters: at most ${MAX_TEXT} are taken; shorten it`,
      );
    return (cleanText(text).match(WORD) ?? []).flatMap(encodeWord);
  };
  const tokenize = (texts: readonly string[], contextLength = CONTEXT_LENGTH): Int32Array => {
    if (!Number.isSafeInteger(contextLength) || contextLength < 2)
      throw new ClipError("text", `context length ${contextLength}: must be a whole number of at least 2`);
    const rows = new Int32Array(texts.length * contextLength);
    for (const [i, text] of texts.entries()) {
      const row = [startOfText, ...encode(text).slice(0, contextLength - 2), endOfText];
      rows.set(row, i * contextLength);
    }
    return rows;
  };
  const bytes = new Map([...byteCharacters()].map(([byte, character]) => [character, byte]));
  const decode = (row: Iterable<number>): string => {
    let text = "";
    for (const id of row) {
      if (id === endOfText) break;
      if (id === startOfText) continue;
      const token = tokens[id];
      if (token === undefined)
        throw new ClipError("text", `token ${id}: the vocabulary ends at ${tokens.length - 1}`);
      text += token;
    }
    const encoded = [...text.replaceAll(END_OF_WORD, " ")].map((character) => bytes.get(character) ?? 0x20);
    return new TextDecoder().decode(Uint8Array.from(encoded)).trimEnd();
  };
  return { vocabSize: ids.size, startOfText, endOfText, encode, tokenize, decode };
}

/**
 * Columns of `contextLength`-wide rows up to the longest text's end mark: a causal text tower may be run on these
 * alone with the same result.
 */
export function usedLength(rows: Int32Array, contextLength: number): number {
  let used = 0;
  for (let i = 0; i < rows.length; i++) if (rows[i] !== 0) used = Math.max(used, (i % contextLength) + 1);
  return used;
}

/** Encodes one word, remembering words it has seen. */
function wordEncoder({ ids, ranks }: Vocabulary): (word: string) => readonly number[] {
  const cache = new Map<string, readonly number[]>();
  return (word) => {
    const seen = cache.get(word);
    if (seen !== undefined) return seen;
    const isMark = word === "<start_of_text>" || word === "<end_of_text>";
    const symbols = isMark ? [word] : symbolsOf(word);
    const encoded = mergeSymbols(symbols, ranks).map((symbol) => ids.get(symbol)!);
    if (cache.size >= MAX_CACHED_WORDS) cache.clear();
    cache.set(word, encoded);
    return encoded;
  };
}

/** Merges the best-ranked adjacent pair, everywhere at once, until no pair is in the table. */
function mergeSymbols(symbols: readonly string[], ranks: ReadonlyMap<string, number>): readonly string[] {
  let current = symbols;
  for (;;) {
    let best: string | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let i = 0; i + 1 < current.length; i++) {
      const pair = `${current[i]} ${current[i + 1]}`;
      const rank = ranks.get(pair) ?? Number.POSITIVE_INFINITY;
      if (rank < bestRank) [best, bestRank] = [pair, rank];
    }
    if (best === undefined) return current;
    const next: string[] = [];
    for (let i = 0; i < current.length; i++) {
      const pair = i + 1 < current.length ? `${current[i]} ${current[i + 1]}` : undefined;
      if (pair === best) next.push(current[i] + current[++i]);
      else next.push(current[i]);
    }
    current = next;
  }
}
