/** The AUROC table of a benchmark's Markdown, with the rows of texts alone and of K = 4. */
export function shownRows(markdown: string): string {
  const section = markdown.split(/^## /m).find((part) => part.startsWith("AUROC\n"));
  const lines = (section ?? "").split("\n").filter((line) => line.startsWith("|"));
  return `${[...lines.slice(0, 2), ...lines.slice(2).filter((line) => /^\| [04] \|/.test(line))].join("\n")}\n`;
}
