// Builds all packages: JavaScript, types and source maps from packages/*/src into packages/*/dist, in one run of the compiler.
// Types are checked by `npm run types`, so that they are not checked a second time here.
//
//   npm run build
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { publishedNames, ROOT } from "./docs/pages.mjs";

const PACKAGES = path.join(ROOT, "packages");
const posix = (file) => file.split(path.sep).join("/");

const sources = publishedNames.flatMap((name) =>
  readdirSync(path.join(PACKAGES, name, "src"), { recursive: true })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.join(PACKAGES, name, "src", file)),
);

const config = ts.getParsedCommandLineOfConfigFile(
  path.join(ROOT, "tsconfig.json"),
  { noEmit: false, noCheck: true, rootDir: PACKAGES, outDir: PACKAGES },
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (problem) => fail([problem]) },
);

/** Where an output belongs, given its place beside the source. */
const inDist = (file) => posix(path.relative(PACKAGES, file)).replace(/^([^/]+)\/src\//, "$1/dist/");

/** A source map names its source relative to itself. */
function relocated(text, place) {
  const map = JSON.parse(text);
  const source = place.replace("/dist/", "/src/").replace(/\.js\.map$/, ".ts");
  map.sources = [path.posix.relative(path.posix.dirname(place), source)];
  return JSON.stringify(map);
}

function write(file, text) {
  const place = inDist(file);
  const target = path.join(PACKAGES, place);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, place.endsWith(".map") ? relocated(text, place) : text);
}

function fail(problems) {
  const host = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ROOT,
    getNewLine: () => "\n",
  };
  console.error(ts.formatDiagnostics(problems, host));
  process.exit(1);
}

const program = ts.createProgram(sources, config.options);
const syntax = program.getSyntacticDiagnostics();
if (syntax.length > 0) fail(syntax);
for (const name of publishedNames)
  rmSync(path.join(PACKAGES, name, "dist"), { recursive: true, force: true });
const { diagnostics } = program.emit(undefined, write);
if (diagnostics.length > 0) fail(diagnostics);
