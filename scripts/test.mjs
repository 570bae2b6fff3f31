// Runs every test file, two at a time, and ends with the line "N passed, N failed".
//
//   node scripts/test.mjs                all tests
//   node scripts/test.mjs tensor/ops     those with this text in their path
//   node scripts/test.mjs some/file.ts   this very file
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runFile, stopAll } from "./testing/run-file.mjs";
import { runGroup } from "./testing/run-group.mjs";
import { compiled } from "./typescript/compile.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const AT_ONCE = 2;
const LIMIT_MS = 120_000;
/** Parts of the paths of tests that take long: begun first, so that nothing waits for one of them in the end. */
const LONG = ["cli/test/commands/", "scripts/test/docs", "inctrl/test/training/", "tensor/test/browser"];

/** Parts of the paths of tests that have no process to themselves: they start none, and leave this one as it was. */
const TOGETHER = [/^packages\/(tensor|clip|detect|inctrl|datasets)\/test\//];
const APART = [/\/test\/device\//, /\/(package|browser)\.test/, /inctrl\/test\/(training|parity)\//];
/** Files of a group. */
const GROUP = 6;

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

/** What the workers take from: files that take long, groups of short ones, and the rest. */
function jobsOf(chosen) {
  if (chosen.length <= AT_ONCE) return chosen.map((file) => [file]);
  const any = (forms, file) => forms.some((form) => form.test(file));
  const isLong = (file) => LONG.some((part) => file.includes(part));
  const isShort = (file) => any(TOGETHER, file) && !any(APART, file) && !isLong(file);
  const short = chosen.filter(isShort);
  const groups = Array.from({ length: Math.ceil(short.length / GROUP) }, (_, i) =>
    short.slice(i * GROUP, (i + 1) * GROUP),
  );
  const alone = chosen.filter((file) => !isShort(file));
  const singles = (some) => some.map((file) => [file]);
  return [...singles(alone.filter(isLong)), ...groups, ...singles(alone.filter((file) => !isLong(file)))];
}

if (files.length > AT_ONCE) compileAll();
const jobs = jobsOf(files);
const options = { cwd: ROOT, limitMs: LIMIT_MS };
function judged(file, verdict) {
  report(file, verdict);
  for (const key of Object.keys(totals)) totals[key] += verdict[key];
}
async function work() {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    if (job.length > 1) await runGroup(job, options, judged);
    else judged(job[0], await runFile(job[0], options));
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));

if (files.length === 0) console.error("no test file matches");
const skipped = totals.skipped ? `, ${totals.skipped} skipped` : "";
console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
