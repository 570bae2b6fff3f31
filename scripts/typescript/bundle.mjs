// Joins programs with all sources that they import, so that a process loads one file instead of hundreds.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageNames, ROOT, readJson } from "../workspace.mjs";

const urlOf = (file) => pathToFileURL(path.join(ROOT, file)).href;

/**
 * Libraries stay outside of bundles. A bundle's imports all run at its start, so that those in CommonJS are required by the file
 * that uses them; uvu is that of the process that runs the tests.
 */
const libraries = {
  name: "libraries",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path: name, importer, kind }) => {
      if (kind === "entry-point" || name.startsWith("@inctrl/")) return undefined;
      if (!isCommonJs(name, importer)) return { path: name, external: true };
      return { path: name, namespace: "required", pluginData: importer };
    });
    onLoad({ filter: /.*/, namespace: "required" }, ({ path: name, pluginData: importer }) => ({
      contents: `module.exports = createRequireOfNode(${JSON.stringify(importer)})(${JSON.stringify(name)});`,
    }));
  },
};

function isCommonJs(name, importer) {
  if (isBuiltin(name) || /^uvu\b/.test(name)) return false;
  try {
    const file = createRequire(importer).resolve(name);
    if (/\.[cm]js$/.test(file)) return file.endsWith(".cjs");
    for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
      const manifest = path.join(folder, "package.json");
      if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, "utf8")).type !== "module";
    }
  } catch {
    return false;
  }
}

/** A package's manifest by the name of each library that it depends on. */
function owners() {
  const found = {};
  for (const file of ["bench/package.json", ...packageNames.map((name) => `packages/${name}/package.json`)]) {
    const { dependencies, devDependencies, optionalDependencies } = readJson(file);
    for (const name of Object.keys({ ...devDependencies, ...optionalDependencies, ...dependencies }))
      if (existsSync(path.join(ROOT, path.dirname(file), "node_modules", name))) found[name] = urlOf(file);
  }
  return found;
}

/** Sources keep the address of their own file. */
const addresses = {
  name: "addresses",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      const source = readFileSync(file, "utf8");
      if (!source.includes("import.meta.url")) return undefined;
      const address = `const importMetaUrl = ${JSON.stringify(pathToFileURL(file).href)};`;
      // Behind a first line for the shell, and without a line of its own, so that lines keep their numbers.
      const [, shell, rest] = /^(#!.*\n)?([\s\S]*)$/.exec(source);
      return { contents: `${shell ?? ""}${address}${rest}`, loader: "ts" };
    });
  },
};

/**
 * Bundles programs, and test files together in one more bundle, in which a file's code runs when it is asked for.
 * `bundles.mjs` finds them where INCTRL_BUNDLES names the folder.
 *
 * @param {{programs: string[], tests: string[], folder: string}} options files relative to the root
 * @throws Error where a file does not compile, or imports what is not there.
 */
export async function bundle({ programs, tests, folder }) {
  const { build } = await import("esbuild");
  const list = path.join(folder, "list.js");
  const lines = tests.map((file) => {
    const [url, from] = [urlOf(file), path.join(ROOT, file)].map((text) => JSON.stringify(text));
    return `  ${url}: () => import(${from}),`;
  });
  writeFileSync(list, `export default {\n${lines.join("\n")}\n};\n`);
  const named = programs.map((file, i) => [`program-${i}`, path.join(ROOT, file)]);
  await build({
    ...{ absWorkingDir: ROOT, outdir: folder, bundle: true, logLevel: "silent" },
    ...{ format: "esm", platform: "node", target: "es2022", conditions: ["@inctrl/source"] },
    entryPoints: Object.fromEntries([...named, ["tests", list]]),
    banner: { js: `import { createRequire as createRequireOfNode } from "node:module";` },
    define: { "import.meta.url": "importMetaUrl" },
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    plugins: [libraries, addresses],
  });
  const testsFile = path.join(folder, "tests.js");
  const files = programs.map((file, i) => [urlOf(file), path.join(folder, `program-${i}.js`)]);
  const index = {
    files: Object.fromEntries([...files, [pathToFileURL(testsFile).href, testsFile]]),
    owners: owners(),
    tests: Object.fromEntries(tests.map((file) => [urlOf(file), pathToFileURL(testsFile).href])),
  };
  writeFileSync(path.join(folder, "index.json"), JSON.stringify(index));
}
