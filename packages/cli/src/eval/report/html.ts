import { oneLine } from "../../errors.js";

/** Markup that may be put into a page as it is; made by `html` alone, so that no text gets there unescaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | readonly Html[];

/**
 * Markup with everything put into it escaped, except other markup.
 *
 * @example
 * html`<td title="${name}">${name}</td>`.text; // <td title="a&quot;b">a&quot;b</td>
 */
export function html(markup: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(markup.reduce((text, piece, i) => text + asText(parts[i - 1] ?? null) + piece));
}

function asText(part: Part): string {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(({ text }) => text).join("");
  return escapeText(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** One line; marks that turn the direction of writing go, so that a name cannot disguise its neighbours. */
function escapeText(text: string): string {
  return oneLine(text)
    .replace(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "")
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
