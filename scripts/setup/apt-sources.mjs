// Finds an entry in apt's source lists, in both formats, to add a suite from the mirror that the machine already uses.

/** Entries that are in force: lines of one format, paragraphs of the other, without comments. */
const entriesOf = ({ name, text }) =>
  name.endsWith(".sources")
    ? text
        .replace(/^#.*\n?/gm, "")
        .split(/\n[ \t]*\n/)
        .filter((entry) => /^Types:.*\bdeb\b(?!-)/im.test(entry) && !/^Enabled:\s*(no|false)\b/im.test(entry))
    : text.split("\n").flatMap((line) => line.replace(/#.*/, "").match(/^\s*deb\s.*/) ?? []);

/** Fields of a paragraph, or what stands in their place in a line: `deb [options] uri suite components`. */
const SUITES = [/^(Suites:)(.*(?:\n[ \t]+\S.*)*)/im, /^(\s*deb\s+(?:\[[^\]]*\]\s*)?\S+)\s+(\S+)/];
const COMPONENTS = [
  /^(Components:)(.*(?:\n[ \t]+\S.*)*)/im,
  /^(\s*deb\s+(?:\[[^\]]*\]\s*)?\S+\s+\S+)\s+(.*)/,
];

const names = (patterns, entry) =>
  patterns.flatMap((pattern) => entry.match(pattern)?.[2].trim().split(/\s+/) ?? []);

/** Whether a suite, such as `bookworm-backports`, is among the sources. @param {{name: string, text: string}[]} files */
export const hasSuite = (files, suite) =>
  files.flatMap(entriesOf).some((entry) => names(SUITES, entry).includes(suite));

/**
 * The suite `<codename>-backports` on the mirror of the suite `<codename>`, trusted for the same reasons: a list in the format of
 * the one that names the mirror.
 *
 * @returns {{format: "sources" | "list", text: string} | undefined}
 */
export function backportsFile(files, codename) {
  for (const file of files) {
    const base = entriesOf(file).find(
      (entry) =>
        names(SUITES, entry).includes(codename) &&
        names(COMPONENTS, entry).includes("main") &&
        !entry.includes("cdrom:"),
    );
    if (base === undefined) continue;
    const put = (entry, patterns, text) =>
      patterns.reduce(
        (changed, pattern) => changed.replace(pattern, (_, before) => `${before} ${text}`),
        entry,
      );
    const text = put(put(base, SUITES, `${codename}-backports`), COMPONENTS, "main");
    return { format: file.name.endsWith(".sources") ? "sources" : "list", text: `${text.trim()}\n` };
  }
  return undefined;
}
