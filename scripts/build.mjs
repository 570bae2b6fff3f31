// Builds all packages: JavaScript, types and source maps from packages/*/src into packages/*/dist, in one run of the compiler.
// Types are checked by `npm run types`, so that they are not checked a second time here.
//
//   npm run build
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { compile, configFrom } from "./typescript/check.mjs";
import { publishedNames, ROOT } from "./workspace.mjs";

const PACKAGES = path.join(ROOT, "packages");
const CACHE = path.join(ROOT, ".cache");

/** A source map names its source relative to itself, which lies in `dist` beside `src`. */
function relocate(dist, name) {
  const file = path.join(dist, name);
  const map = JSON.parse(readFileSync(file, "utf8"));
  const source = name.replace(/\.js\.map$/, ".ts").replaceAll(path.sep, "/");
  map.sources = [path.posix.relative(path.posix.join("dist", path.posix.dirname(source)), `src/${source}`)];
  writeFileSync(file, JSON.stringify(map));
}

mkdirSync(CACHE, { recursive: true });
const folder = mkdtempSync(path.join(CACHE, "build-"));
try {
  const compilerOptions = { noEmit: false, noCheck: true, rootDir: PACKAGES, outDir: folder };
  const include = publishedNames.map((name) => path.join(PACKAGES, name, "src"));
  const base = path.join(ROOT, "tsconfig.json");
  const problems = compile(
    configFrom(base, path.join(folder, "tsconfig.json"), { compilerOptions, include }),
  );
  if (problems) console.error(problems);
  process.exitCode = problems ? 1 : 0;
  for (const name of problems ? [] : publishedNames) {
    const dist = path.join(PACKAGES, name, "dist");
    rmSync(dist, { recursive: true, force: true });
    cpSync(path.join(folder, name, "src"), dist, { recursive: true });
    for (const file of readdirSync(dist, { recursive: true }))
      if (file.endsWith(".js.map")) relocate(dist, file);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
