import { decodeHTML } from "entities";

// White space as Python's `\s` has it: it adds the information separators and NEL, and lacks the byte order mark.
const SPACE = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const SPACES = new RegExp(`[${SPACE}]+`, "gu");

/** Code points that text repair removes: they show nothing and are left over from other encodings. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is for
const INVISIBLE = /\x1b\[[\d;]*[a-zA-Z]|[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/gu;

/** Latin ligatures and digraphs, and full- and half-width forms: written with the letters they stand for. */
const COMPATIBLE = /[\u0132\u0133\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb04\ufb06\uff01-\uffee\u3000]/gu;

/**
 * Repairs text as far as captions need it: ligatures and width variants, curly quotes, control characters,
 * Unicode composition (NFC). Text decoded with a wrong encoding is left as it is.
 */
export function repairText(text: string): string {
  return text
    .replaceAll(COMPATIBLE, (character) => character.normalize("NFKC"))
    .replaceAll(/[\u02bc\u2018-\u201b]/gu, "'")
    .replaceAll(/[\u201c-\u201f]/gu, '"')
    .replaceAll(/\r\n?|[\u2028\u2029\x85]/gu, "\n")
    .replaceAll(INVISIBLE, "")
    .normalize("NFC");
}

/** Text as CLIP tokenises it: repaired, HTML unescaped twice, white space squeezed, lower case. */
export function cleanText(text: string): string {
  const plain = decodeHTML(decodeHTML(repairText(text)));
  return plain.replaceAll(SPACES, " ").replace(/^ | $/gu, "").toLowerCase();
}

/** CLIP's words: literal marks, English clitics, runs of letters, single digits, runs of anything else. */
export const WORD = new RegExp(
  String.raw`<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^${SPACE}\p{L}\p{N}]+`,
  "gu",
);
