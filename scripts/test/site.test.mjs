import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NAVIGATION } from "../../docs/.vitepress/navigation.mjs";
import { forSite, SITE_PAGES } from "../docs/layout.mjs";
import { links } from "../docs/markdown.mjs";
import { DOCS, NOTES } from "../docs/pages.mjs";
import { ROOT } from "../workspace.mjs";

const places = new Set(SITE_PAGES.values());
const exists = (link) => places.has(`${link.slice(1)}${link.endsWith("/") ? "index" : ""}.md`);

test("the navigation names pages of the site, and every guide and note", () => {
  const items = [...NAVIGATION.nav, ...NAVIGATION.sidebar.flatMap((group) => group.items)];
  for (const { link } of items) assert.ok(exists(link), `${link} is no page of the site`);
  const named = new Set(items.map(({ link }) => `docs${link}${link.endsWith("/") ? "index" : ""}.md`));
  for (const file of [...DOCS, ...NOTES])
    assert.ok(named.has(file) || file === "docs/index.md", `${file} is not in the navigation`);
});

test("every page of the site is a page of the repository", () => {
  for (const file of SITE_PAGES.keys()) assert.ok(existsSync(path.join(ROOT, file)), file);
});

test("links between pages are those of the site, and links to other files become text", () => {
  const text =
    "See [`nano`](packages/clip/models/nano/README.md#data), [code](packages/cli/src/main.ts), [a](#b).";
  const page = forSite("README.md", `${text}\n\n\`\`\`ts\na[0](x.md);\n\`\`\`\n`);
  assert.equal(links(page), ["./nano.md#data", "#b"]);
  assert.match(page, /, code, \[a\]/);
  assert.match(page, /a\[0\]\(x\.md\);/);
});

test.run();
