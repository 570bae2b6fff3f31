// Builds all packages: JavaScript, types and source maps from packages/*/src into packages/*/dist, in one run of the compiler.
// Types are checked by `npm run types`, so that they are not checked a second time here.
//
//   npm run build
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { readConfig, textOf } from "./typescript/check.mjs";
import { publishedNames, ROOT } from "./workspace.mjs";

const PACKAGES = path.join(ROOT, "packages");
const posix = (file) => file.split(path.sep).join("/");

const sources = publishedNames.flatMap((name) =>
  readdirSync(path.join(PACKAGES, name, "src"), { recursive: true })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.join(PACKAGES, name, "src", file)),
);

const { options } = readConfig(ROOT, {
  ...{ noEmit: false, noCheck: true, declaration: true },
  ...{ rootDir: PACKAGES, outDir: PACKAGES },
});

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

function stopAt(problems) {
  if (problems.length === 0) return;
  console.error(textOf(problems));
  process.exit(1);
}

const program = ts.createProgram(sources, options);
stopAt(program.getSyntacticDiagnostics());
for (const name of publishedNames)
  rmSync(path.join(PACKAGES, name, "dist"), { recursive: true, force: true });
const { diagnostics } = program.emit(undefined, write);
stopAt(diagnostics);
