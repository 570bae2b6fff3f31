// The parts of Markdown that the tests of the documentation need.

/**
 * Fenced code blocks: the language, whether it is marked `run`, the name of `file=NAME`, the text, and the line where it begins.
 *
 * @returns {{language: string, runs: boolean, file?: string, text: string, line: number}[]}
 */
export function codeBlocks(markdown) {
  return [...markdown.matchAll(/^ *```(\S+)([^\n]*)\n([\s\S]*?)^ *```$/gm)].map((match) => ({
    language: match[1],
    runs: /\brun\b/.test(match[2]),
    file: match[2].match(/file=(\S+)/)?.[1],
    text: match[3],
    line: markdown.slice(0, match.index).split("\n").length + 1,
  }));
}

/** The lines that a program must print: the comments after its calls of console.log. */
export function expectedLines(program) {
  return [...program.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);
}

const withoutCode = (markdown) => markdown.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "`");

/** Targets of links and pictures. */
export function links(markdown) {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
}

/** The anchors that headings get on GitHub. */
export function anchors(markdown) {
  const headings = markdown.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
