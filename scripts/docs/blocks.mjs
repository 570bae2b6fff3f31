// The TypeScript blocks of documents as files, compiled together and run.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compile, configFrom } from "../typescript/check.mjs";
import { ROOT, read, TYPESCRIPT } from "../workspace.mjs";
import { codeBlocks, expectedLines } from "./markdown.mjs";

const run = promisify(execFile);
const RUN_LIMIT_MS = 240_000;

/** @typedef {{page: string, line: number, text: string, target: string, runs: boolean, file?: string}} Snippet */

/** A folder for blocks, inside the repository, so that they find packages by name as a user's project does. Ignored by git. */
export function blockFolder() {
  mkdirSync(path.join(ROOT, ".cache"), { recursive: true });
  return mkdtempSync(path.join(ROOT, ".cache/docs-"));
}

/**
 * Writes the blocks of a page into a folder. A block may name the file of the repository that it stands for.
 *
 * @returns {Snippet[]}
 */
export function extract(page, folder) {
  const blocks = codeBlocks(read(page)).filter(({ language }) => language === "ts");
  const own = new Set(blocks.map(({ file }) => file));
  return blocks.map(({ text, line, runs, file }) => {
    const name = file ?? `${page.replace(/\W+/g, "-")}-${line}.ts`;
    const target = path.join(folder, name);
    // A relative import names another block of the page, or a file of the repository.
    const elsewhere = (_, start, specifier) => {
      const wanted = path.posix.join(path.posix.dirname(name), specifier);
      if (own.has(wanted.replace(/js$/, "ts"))) return `${start}"${specifier}"`;
      return `${start}"${path.relative(path.dirname(target), path.join(ROOT, wanted)).replaceAll("\\", "/")}"`;
    };
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text.replaceAll(/( from )"(\.[^"]+)"/g, elsewhere));
    return { page, line, text, target, runs, file };
  });
}

/** Type-checks the blocks of a folder against the sources. @returns the compiler's messages, empty where all is well. */
export function checkBlocks(snippets, folder) {
  // Blocks lie outside the package that has commander, so its types are named here.
  const commander = path.join(ROOT, "packages/cli/node_modules/commander/typings/esm.d.mts");
  const compilerOptions = { noUnusedLocals: false, paths: { commander: [commander] } };
  const files = snippets.map(({ target }) => target);
  const base = path.join(ROOT, "tsconfig.json");
  const config = configFrom(base, path.join(folder, "tsconfig.json"), { compilerOptions, files });
  return compile(config);
}

/**
 * Runs blocks in one process, which has to end by itself.
 *
 * @param {Snippet[]} blocks
 * @param {string[]} flags of Node; by default those that run the sources
 * @returns {Promise<string[]>} what is wrong, one line each
 */
export async function runBlocks(blocks, flags = TYPESCRIPT) {
  const runner = fileURLToPath(new URL("run-blocks.mjs", import.meta.url));
  const files = blocks.map(({ target }) => target);
  const ended = await run(process.execPath, [...flags, runner, ...files], { timeout: RUN_LIMIT_MS }).catch(
    (error) => error,
  );
  if (ended.killed) return [`blocks take longer than ${RUN_LIMIT_MS} ms`];
  if (ended.code) return [`${blocks.at(-1).page}: ends with ${ended.code}: ${ended.stderr}`];
  const reports = ended.stdout.trimEnd().split("\n");
  if (reports.length !== blocks.length) return [`${blocks.at(-1).page}: ${reports.length} blocks reported`];
  return reports.flatMap((said, i) => {
    const { page, line, text } = blocks[i];
    const { output, error } = JSON.parse(said);
    if (error !== undefined) return [`${page}:${line} fails: ${error}`];
    let rest = output.split("\n");
    for (const want of expectedLines(text)) {
      const at = rest.indexOf(want);
      if (at < 0) return [`${page}:${line} does not print "${want}" but:\n${output}`];
      rest = rest.slice(at + 1);
    }
    return [];
  });
}
