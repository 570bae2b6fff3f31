// Reads apt's source lists, in both formats, to add a suite from the mirror that the machine already uses.

/**
 * @typedef {{uris: string[], suites: string[], components: string[], options: Record<string, string>}} AptSource
 * `options` holds the fields that decide whether apt trusts the mirror, by deb822 name.
 */

const OPTIONS = {
  "signed-by": "Signed-By",
  trusted: "Trusted",
  arch: "Architectures",
  architectures: "Architectures",
};
const words = (text = "") => text.split(/\s+/).filter(Boolean);

/** `deb [signed-by=/a/key.gpg] http://packages.example/debian bookworm main` */
function parseOneLine(text) {
  const sources = [];
  for (const line of text.split("\n")) {
    const match = line.replace(/#.*/, "").match(/^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*(.*)$/);
    if (!match) continue;
    const options = {};
    for (const word of words(match[1])) {
      const [key, value] = word.split(/\+?=(.*)/);
      const field = OPTIONS[key.toLowerCase()];
      if (field && value) options[field] = value.replaceAll(",", " ");
    }
    sources.push({ uris: [match[2]], suites: [match[3]], components: words(match[4]), options });
  }
  return sources;
}

/** Paragraphs of `Field: value`; a line that starts with a space goes on with the field above it. */
function parseDeb822(text) {
  const sources = [];
  const uncommented = text.replace(/^#.*\n?/gm, "");
  for (const paragraph of uncommented.split(/\n[ \t]*\n/)) {
    const fields = {};
    let current;
    for (const line of paragraph.split("\n")) {
      const match = line.match(/^([A-Za-z][\w-]*)\s*:\s*(.*)$/);
      if (match) {
        current = match[1].toLowerCase();
        fields[current] = match[2].trim();
      } else if (current && /^\s+\S/.test(line)) fields[current] += `\n${line}`;
    }
    if (!words(fields.types).includes("deb") || /^(no|false)$/i.test(fields.enabled ?? "")) continue;
    const options = {};
    for (const [key, field] of Object.entries(OPTIONS)) if (fields[key]) options[field] = fields[key];
    sources.push({
      uris: words(fields.uris),
      suites: words(fields.suites),
      components: words(fields.components),
      options,
    });
  }
  return sources;
}

/** @param {{name: string, text: string}[]} files @returns {AptSource[]} */
export const parseAptSources = (files) =>
  files.flatMap(({ name, text }) => (name.endsWith(".sources") ? parseDeb822(text) : parseOneLine(text)));

/** Whether a suite, such as `bookworm-backports`, is among the sources. */
export const hasSuite = (sources, suite) => sources.some((source) => source.suites.includes(suite));

/** A `.sources` file for the suite `<codename>-backports` on the mirror of the suite `<codename>`, or undefined. */
export function backportsFile(sources, codename) {
  const base = sources.find(
    ({ suites, components, uris }) =>
      suites.includes(codename) &&
      components.includes("main") &&
      uris.some((uri) => !uri.startsWith("cdrom:")),
  );
  if (!base) return undefined;
  return [
    "Types: deb",
    `URIs: ${base.uris.filter((uri) => !uri.startsWith("cdrom:")).join(" ")}`,
    `Suites: ${codename}-backports`,
    "Components: main",
    ...Object.entries(base.options).map(([field, value]) => `${field}: ${value}`),
    "",
  ].join("\n");
}
