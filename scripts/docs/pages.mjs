// The pages of the documentation, as paths relative to the root.
import { readdirSync } from "node:fs";
import path from "node:path";
import { publishedNames, ROOT } from "../workspace.mjs";

const markdownIn = (folder) =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);

export const PACKAGE_READMES = publishedNames.map((name) => `packages/${name}/README.md`);
export const DOCS = markdownIn("docs");
export const NOTES = markdownIn("docs/notes");

/** Pages whose TypeScript blocks compile, and run where they say so. CONTRIBUTING's blocks have a test of their own. */
export const WITH_BLOCKS = ["README.md", ...DOCS, ...PACKAGE_READMES];

/** Every page whose links are checked. */
export const PAGES = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...DOCS,
  ...NOTES,
  ...PACKAGE_READMES,
  "bench/README.md",
  ...["research/README.md", "research/generalisation/README.md", "packages/clip/models/nano/README.md"],
];
