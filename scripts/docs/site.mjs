// Builds the documentation site: pages of the repository and the packages' docstrings, static, with search, into
// docs/.vitepress/dist.
//
//   npm run docs                  builds it
//   npm run docs -- --preview     builds it and serves it
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { publishedNames, ROOT, read } from "../workspace.mjs";
import { forSite, SITE_FILES, SITE_PAGES } from "./layout.mjs";
import { anchors } from "./markdown.mjs";

const SITE = path.join(ROOT, ".cache/site");
// The libraries of the site are installed in docs/ alone.
const require = createRequire(path.join(ROOT, "docs/package.json"));

function lay(name, text) {
  const file = path.join(SITE, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function layPages() {
  for (const [file, name] of SITE_PAGES) lay(name, forSite(file, read(file)));
  for (const [file, name] of SITE_FILES) copyFileSync(path.join(ROOT, file), path.join(SITE, name));
}

/**
 * Mends links to anchors that TypeDoc numbers and the page does not: it counts the member `Device.stats` beside the type
 * `DeviceStats`, though the heading of the member is its own name alone.
 */
function withAnchors(text) {
  const own = anchors(text);
  const once = (anchor) => own.indexOf(anchor) >= 0 && own.indexOf(anchor) === own.lastIndexOf(anchor);
  return text.replaceAll(/\(#(\w+)-1\)/g, (link, anchor) => (once(anchor) ? `(#${anchor})` : link));
}

/** Writes a page for each package from its docstrings. */
async function layApi() {
  const { Application } = await import(pathToFileURL(require.resolve("typedoc")).href);
  const app = await Application.bootstrapWithPlugins({
    entryPoints: publishedNames.map((name) => path.join(ROOT, "packages", name, "src/index.ts")),
    tsconfig: path.join(ROOT, "tsconfig.json"),
    plugin: [require.resolve("typedoc-plugin-markdown")],
    outputs: [{ name: "markdown", path: path.join(SITE, "api") }],
    ...{ skipErrorChecking: true, excludeInternal: true, excludePrivate: true, excludeExternals: true },
    ...{ disableSources: true, readme: "none", logLevel: "Error" },
    // Options of the Markdown plugin: a page for each package, with short headings.
    ...{
      outputFileStrategy: "modules",
      entryFileName: "index",
      hideBreadcrumbs: true,
      hidePageHeader: true,
      sanitizeComments: true,
    },
    ...{ parametersFormat: "table", interfacePropertiesFormat: "table", propertyMembersFormat: "table" },
    ...{ useCodeBlocks: true, expandObjects: false },
  });
  const project = await app.convert();
  if (!project) throw new Error("typedoc: nothing was converted");
  for (const module of project.children ?? []) module.name = module.name.split("/")[0];
  await app.generateOutputs(project);
  for (const page of readdirSync(path.join(SITE, "api"), { recursive: true })) {
    if (!page.endsWith(".md")) continue;
    const text = withAnchors(readFileSync(path.join(SITE, "api", page), "utf8"));
    // Pages are named after folders; their titles are the packages' names.
    const name = publishedNames.find((each) => [`${each}.md`, path.join(each, "index.md")].includes(page));
    lay(`api/${page}`, name ? text.replace(/^# .*$/m, `# @inctrl/${name}`) : text);
  }
}

rmSync(SITE, { recursive: true, force: true });
layPages();
await layApi();
const vitepress = path.join(ROOT, "docs/node_modules/vitepress/bin/vitepress.js");
const run = (verb) =>
  execFileSync(process.execPath, [vitepress, verb, "docs"], { cwd: ROOT, stdio: "inherit" });
run("build");
console.log("the site is in docs/.vitepress/dist");
if (process.argv.includes("--preview")) run("preview");
