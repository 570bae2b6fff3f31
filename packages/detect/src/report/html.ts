import { oneLine } from "@inctrl/datasets";

/** Markup that a page may hold as it is. Only `html` makes it, so no text reaches a page unescaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | readonly Html[];

/**
 * Markup whose inserted parts are escaped, except those that are markup themselves.
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

/** Text on one line, whose marks of writing direction are shown, so that a name cannot disguise its neighbours. */
function escapeText(text: string): string {
  return oneLine(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
