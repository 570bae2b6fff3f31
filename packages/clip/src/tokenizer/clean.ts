import { decodeHTML, decodeHTMLStrict } from "entities";

// White space as Python's `\s` has it: it adds the information separators and NEL, and lacks the byte order mark.
const SPACE = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const SPACES = new RegExp(`[${SPACE}]+`, "gu");

/** Code points that text repair removes: they show nothing and are left over from other encodings. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is for
const INVISIBLE = /\x1b\[[\d;]*[a-zA-Z]|[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/gu;

/** Latin ligatures and digraphs, and full- and half-width forms: written with the letters they stand for. */
const COMPATIBLE = /[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb06\uff01-\uffee\u3000]/gu;

/** Windows-1252's bytes 0x80 to 0x9f; the five that it leaves open stay control characters. */
const WINDOWS_1252 =
  "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f" +
  "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

/** What a C1 control stands for: texts that have some were written in Windows-1252 and read as Latin-1. */
const fromWindows = (code: number): string => WINDOWS_1252[code - 0x80];

/**
 * Repairs text as ftfy 6 does for CLIP, as far as captions need it: HTML entities unless a `<` stands before them, C1 controls,
 * ligatures and width variants, curly quotes, line breaks, control characters, Unicode composition (NFC), until nothing changes.
 * UTF-8 that was decoded with another encoding is left as it is.
 */
function repairText(text: string): string {
  let plain = true;
  return text.replaceAll(/[^\n]*\n|[^\n]+/gu, (line) => {
    plain &&= !line.includes("<");
    for (let repaired = line; ; ) {
      const next = repairOnce(repaired, plain);
      if (next === repaired) return next;
      repaired = next;
    }
  });
}

function repairOnce(text: string, unescapes: boolean): string {
  return (unescapes ? text.replaceAll(/&#?[\dA-Za-z]{1,24};/gu, wholeEntity) : text)
    .replaceAll(/[\x80-\x9f]/gu, (control) => fromWindows(control.charCodeAt(0)))
    .replaceAll(COMPATIBLE, (letter) => (letter === "\ufb05" ? "\u017ft" : letter.normalize("NFKC")))
    .replaceAll(/[\u02bc\u2018-\u201b]/gu, "'")
    .replaceAll(/[\u201c-\u201f]/gu, '"')
    .replaceAll(/\r\n?|[\u2028\u2029]/gu, "\n")
    .replaceAll(INVISIBLE, "")
    .normalize("NFC");
}

/** An entity with its semicolon; also one whose name was written in capitals, `&NTILDE;`. */
function wholeEntity(entity: string): string {
  if (entity.startsWith("&#")) return unescapeHtml(entity);
  const found = decodeHTMLStrict(entity);
  if (found !== entity || entity !== entity.toUpperCase() || decodeHTML(entity) !== entity) return found;
  const [small, letter] = [entity.toLowerCase(), decodeHTMLStrict(entity.toLowerCase())];
  return letter === small ? entity : letter.toUpperCase();
}

/** Python's html.unescape: HTML 5's references, numeric ones to control characters and non-characters left out. */
function unescapeHtml(text: string): string {
  return text.replaceAll(/&(?:#(\d+|x[\da-f]+);?|[^\t\n\f <&#;]{1,32};?)/giu, (whole, number?: string) =>
    number === undefined ? decodeHTML(whole) : numbered(Number(number.replace(/^x/iu, "0x"))),
  );
}

function numbered(code: number): string {
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return "\ufffd";
  if (code >= 0x80 && code < 0xa0) return fromWindows(code);
  const nothing =
    code < 9 || code === 11 || (code > 13 && code < 32) || code === 127 || (code >= 0xfdd0 && code < 0xfdf0);
  return nothing || (code & 0xfffe) === 0xfffe ? "" : String.fromCodePoint(code);
}

/** Text as CLIP tokenises it: repaired, HTML unescaped twice, white space squeezed, lower case. */
export function cleanText(text: string): string {
  const plain = unescapeHtml(unescapeHtml(repairText(text)));
  return plain.replaceAll(SPACES, " ").replace(/^ | $/gu, "").toLowerCase();
}

/** CLIP's words: literal marks, English clitics, runs of letters, single digits, runs of anything else. */
export const WORD = new RegExp(
  String.raw`<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^${SPACE}\p{L}\p{N}]+`,
  "gu",
);
