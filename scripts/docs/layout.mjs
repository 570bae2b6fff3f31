// Which page of the repository becomes which page of the site, with links changed to match.
import path from "node:path";
import { publishedNames } from "../workspace.mjs";
import { DOCS, NOTES, PACKAGE_READMES } from "./pages.mjs";

/** Site pages by repository path. */
export const SITE_PAGES = new Map([
  ...[...DOCS, ...NOTES].map((file) => [file, file.slice("docs/".length)]),
  ...PACKAGE_READMES.map((file, i) => [file, `packages/${publishedNames[i]}.md`]),
  ["README.md", "project/readme.md"],
  ["ARCHITECTURE.md", "project/architecture.md"],
  ["CONTRIBUTING.md", "project/contributing.md"],
  ["CHANGELOG.md", "project/changelog.md"],
  ["bench/README.md", "project/bench.md"],
  ["research/README.md", "project/research.md"],
  ["research/generalisation/README.md", "project/generalisation.md"],
  ["research/generalisation/results.md", "project/generalisation-results.md"],
  ["packages/clip/models/nano/README.md", "project/nano.md"],
]);

/** Pictures that pages show. */
export const SITE_FILES = new Map([["docs/heatmap.png", "heatmap.png"]]);

const LINK = /\]\(([^)\s]+)\)/g;

/** A page's text with its links as they are on the site. Links to what is not on the site become plain text. */
export function forSite(file, text) {
  const from = SITE_PAGES.get(file);
  // Fenced blocks hold no links, and brackets of code look like some.
  const parts = text.split(/(^ *```[\s\S]*?^ *```$)/m);
  const linked = parts.map((part, i) =>
    i % 2 === 1
      ? part
      : part
          .replaceAll(LINK, (whole, target) => {
            if (/^(\w+:|#)/.test(target)) return whole;
            const [name, anchor] = target.split("#");
            const wanted = path.posix.normalize(path.posix.join(path.posix.dirname(file), name));
            const to = SITE_PAGES.get(wanted) ?? SITE_FILES.get(wanted);
            if (!to) return `](removed:${wanted})`;
            const relative = path.posix.relative(path.posix.dirname(from), to);
            return `](${relative.startsWith(".") ? relative : `./${relative}`}${anchor ? `#${anchor}` : ""})`;
          })
          .replaceAll(/\[([^\]]*)\]\(removed:[^)]*\)/g, "$1"),
  );
  // Marks of generated parts are for scripts.
  return linked.join("").replaceAll(/^<!--.*-->\n/gm, "");
}
