/** Deepest nesting of lists and objects that is read; formats that we know need less than 10. */
const MAX_DEPTH = 100;

/**
 * JSON.parse for files that anyone may have written: nesting deeper than 100 is refused, since what walks a value recurses.
 *
 * @throws SyntaxError
 * @example
 * boundedJson('{"a": [1]}') // { a: [1] }
 */
export function boundedJson(text: string): unknown {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (c === "{" || c === "[") {
      if (++depth > MAX_DEPTH) throw new SyntaxError(`nested more than ${MAX_DEPTH} deep`);
    } else if (c === "}" || c === "]") depth--;
  }
  return JSON.parse(text);
}
