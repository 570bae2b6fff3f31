// Turns TypeScript into JavaScript, one file at a time and only once. Types are checked elsewhere.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ROOT } from "../workspace.mjs";

const CACHE = path.join(ROOT, ".cache/typescript");

const { version } = createRequire(import.meta.url)("esbuild/package.json");

/** The JavaScript of a file with an inline source map. It is cached until the file or the compiler changes. */
export async function compiled(file) {
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
  const text = `${await compile(source, file)}${mark}`;
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

async function compile(source, file) {
  // Loaded late: most processes find every file in the cache.
  const { transform } = await import("esbuild");
  const { code } = await transform(source, {
    loader: "ts",
    target: "es2022",
    sourcemap: "inline",
    sourcesContent: false,
    sourcefile: path.basename(file),
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return code;
}

/** Writes the whole file or nothing, since other processes compile the same files at the same time. */
function write(file, text) {
  const temporary = `${file}.${process.pid}.tmp`;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}
