// Compiles TypeScript to JavaScript, one file at a time and only once. Types are checked elsewhere.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CACHE = path.join(ROOT, ".cache/typescript");

const require = createRequire(import.meta.url);
const { version } = require("typescript/package.json");

/** The JavaScript of a file with an inline source map. It is cached until the file or the compiler changes. */
export function compiled(file) {
  const source = readFileSync(file, "utf8");
  const mark = `\n// ${createHash("sha256").update(version).update(source).digest("hex")}`;
  const kept = path.join(
    CACHE,
    `${path
      .relative(ROOT, file)
      .replaceAll("..", "__")
      .replace(/^(\w):/, "$1")}.js`,
  );
  const known = read(kept);
  if (known?.endsWith(mark)) return known;
  const text = `${compile(source, file)}${mark}`;
  write(kept, text);
  return text;
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function compile(source, file) {
  const ts = require("typescript");
  const { outputText } = ts.transpileModule(source, {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  });
  return outputText;
}

/** Writes the whole file or nothing, since other processes compile the same files at the same time. */
function write(file, text) {
  const temporary = `${file}.${process.pid}.tmp`;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}
