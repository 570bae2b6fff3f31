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
import { API_PACKAGES } from "../../docs/.vitepress/navigation.mjs";
import { forSite, SITE_FILES, SITE_PAGES } from "./layout.mjs";
import { ROOT, read } from "./pages.mjs";

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

/** Writes a page for each package from its docstrings. */
async function layApi() {
  const { Application } = await import(pathToFileURL(require.resolve("typedoc")).href);
  const out = path.join(SITE, "api");
  const app = await Application.bootstrapWithPlugins({
    entryPoints: API_PACKAGES.map((name) => path.join(ROOT, "packages", name, "src/index.ts")),
    tsconfig: path.join(ROOT, "tsconfig.json"),
    plugin: [require.resolve("typedoc-plugin-markdown")],
    ...{ skipErrorChecking: true, excludeInternal: true, excludePrivate: true, excludeExternals: true },
    ...{ disableSources: true, readme: "none", githubPages: false, logLevel: "Error", gitRevision: "main" },
    // Options of the Markdown plugin: a page for each package, with short headings.
    ...{ outputFileStrategy: "modules", hideBreadcrumbs: true, hidePageHeader: true, sanitizeComments: true },
    ...{ parametersFormat: "table", interfacePropertiesFormat: "table", propertyMembersFormat: "table" },
    ...{ useCodeBlocks: true, expandObjects: false },
  });
  const project = await app.convert();
  if (!project) throw new Error("typedoc: nothing was converted");
  for (const module of project.children ?? []) module.name = module.name.split("/")[0];
  await app.generateOutputs(project);
  await app.generateDocs?.(project, out);
  return out;
}

rmSync(SITE, { recursive: true, force: true });
layPages();
await layApi();
const vitepress = path.join(path.dirname(require.resolve("vitepress/package.json")), "bin/vitepress.js");
const run = (verb) =>
  execFileSync(process.execPath, [vitepress, verb, "docs"], { cwd: ROOT, stdio: "inherit" });
run("build");
if (process.argv.includes("--preview")) run("preview");
console.log(`docs/.vitepress/dist: ${readdirSync(path.join(ROOT, "docs/.vitepress/dist")).length} entries`);
