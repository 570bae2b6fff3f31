// Runs every test file, two at a time, and ends with the line "N passed, N failed".
//
//   node scripts/test.mjs                all tests
//   node scripts/test.mjs tensor/ops     those with this text in their path
//   node scripts/test.mjs some/file.ts   this very file
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runFile, stopAll } from "./testing/run-file.mjs";
import { compiled } from "./typescript/compile.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const AT_ONCE = 2;
const LIMIT_MS = 120_000;
/** Parts of the paths of tests that take long: begun first, so that nothing waits for one of them in the end. */
const LONG = ["cli/test/commands/", "scripts/test/docs", "inctrl/test/training/", "tensor/test/browser"];

const posix = (file) => file.split(path.sep).join("/");

/** Files relative to the root: those of a form under a package's, bench's or the scripts' folder of this name. */
function find(name, form) {
  const packages = readdirSync(path.join(ROOT, "packages")).map((each) => `packages/${each}`);
  return [...packages, "bench", "scripts"].flatMap((parent) => {
    const folder = path.join(ROOT, parent, name);
    if (!existsSync(folder)) return [];
    const found = readdirSync(folder, { recursive: true }).filter((file) => form.test(file));
    return found.sort().map((file) => posix(path.join(parent, name, file)));
  });
}

/** What tests run, compiled before the first of them: else each of those that start together would do it. */
function compileAll() {
  for (const file of [...find("src", /\.ts$/), ...find("test", /\.ts$/)]) compiled(path.join(ROOT, file));
}

function select(filters) {
  const all = find("test", /\.test\.(ts|mjs)$/);
  if (filters.length === 0) return all;
  const chosen = filters.flatMap((filter) => {
    const file = path.resolve(filter);
    if (existsSync(file) && statSync(file).isFile()) return [posix(path.relative(ROOT, file))];
    const wanted = posix(filter).replace(/^\.\//, "");
    return all.filter((name) => name.includes(wanted));
  });
  return [...new Set(chosen)];
}

function report(file, { passed, failed, skipped, problem, notes, output, ms }) {
  const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(
    Boolean,
  );
  const line = `${failed ? "FAIL" : "ok  "} ${file}  ${counts.join(", ")}  ${(ms / 1000).toFixed(1)} s`;
  console.log(problem ? `${line}  (${problem})` : line);
  if (failed) console.log(output.trimEnd().replace(/^/gm, "     | "));
  else for (const note of notes) console.log(`     ${note}`);
}

const files = select(process.argv.slice(2));
const totals = { passed: 0, failed: 0, skipped: 0 };

for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    stopAll();
    process.exit(130);
  });

if (files.length > AT_ONCE) compileAll();
const isLong = (file) => LONG.some((part) => file.includes(part));
const queue = [...files.filter(isLong), ...files.filter((file) => !isLong(file))];
async function work() {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const verdict = await runFile(file, { cwd: ROOT, limitMs: LIMIT_MS });
    report(file, verdict);
    for (const key of Object.keys(totals)) totals[key] += verdict[key];
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));

if (files.length === 0) console.error("no test file matches");
const skipped = totals.skipped ? `, ${totals.skipped} skipped` : "";
console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
