// Runs every test file, two at a time, and ends with the line "N passed, N failed".
//
//   node scripts/test.mjs                all tests
//   node scripts/test.mjs tensor/ops     those with this text in their path
//   node scripts/test.mjs some/file.ts   this very file
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runFile, stopAll } from "./testing/run-file.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const AT_ONCE = 2;
const LIMIT_MS = 120_000;

const posix = (file) => file.split(path.sep).join("/");

/** Test files relative to the root: those under a package's, bench's or the scripts' `test` folder. */
function discover() {
  const packages = readdirSync(path.join(ROOT, "packages")).map((name) => `packages/${name}`);
  return [...packages, "bench", "scripts"].flatMap((parent) => {
    const folder = path.join(ROOT, parent, "test");
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder, { recursive: true }).filter((name) => /\.test\.(ts|mjs)$/.test(name));
    return names.sort().map((name) => posix(path.join(parent, "test", name)));
  });
}

function select(filters) {
  const all = discover();
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

const queue = [...files];
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
