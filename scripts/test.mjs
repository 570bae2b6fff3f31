// Runs test files, several processes at a time, and ends with the line "N passed, N failed".
//
//   node scripts/test.mjs                all tests
//   node scripts/test.mjs tensor/ops     those with this text in their path
//   node scripts/test.mjs some/file.ts   this file
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { Progress } from "./testing/progress.mjs";
import { runFile, stopAll } from "./testing/run-file.mjs";
import { runGroup } from "./testing/run-group.mjs";
import { queuesOf, select } from "./testing/select.mjs";
import { bundle } from "./typescript/bundle.mjs";
import { ROOT } from "./workspace.mjs";

/** One more than there are cores: a test waits for its device, for children and for timers. */
const AT_ONCE = Math.min(8, availableParallelism() + 1);
/** Ends what hangs. A file takes a tenth of it on a quiet machine. */
const LIMIT_MS = 300_000;
/** Most files that a process runs: if it ends badly, all of them run again. */
const MAX_FILES = 120;
const TICK_MS = 250;

/** What tests start in processes of their own, over and over. */
const PROGRAMS = [
  "packages/cli/src/main.ts",
  "packages/cluster/test/support/worker-child.ts",
  "packages/server/test/support/watch-child.ts",
];

/** A new folder of this run, which ends with it. */
function temporary(name) {
  mkdirSync(path.join(ROOT, ".cache"), { recursive: true });
  const folder = mkdtempSync(path.join(ROOT, `.cache/${name}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Bundles tests and programs: most processes would take longer to load modules than to run. @returns the folder. */
async function bundleAll() {
  const folder = temporary("bundles");
  try {
    await bundle({ programs: PROGRAMS, tests: files.filter(isBundled), folder });
    return folder;
  } catch (error) {
    console.error(`tests run without bundles: ${error.message}`);
    return "";
  }
}

const isBundled = (file) => file.endsWith(".ts");

const files = select(process.argv.slice(2));
const progress = new Progress(files.length);
const queues = queuesOf(files, AT_ONCE);

for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    stopAll();
    process.exit(130);
  });

/** Takes files of a queue, as many as a process runs. */
function* some(queue, worker) {
  for (let i = 0; i < MAX_FILES && !queue.isEmpty; i++) yield queue.next(worker);
}

async function work(worker) {
  for (let queue = waiting(); queue !== undefined; queue = waiting()) {
    const options = {
      ...{ cwd: ROOT, limitMs: LIMIT_MS },
      env: { ...queue.env, INCTRL_BUNDLES: bundles, INCTRL_CACHE: cache },
    };
    const onFile = (file) => progress.begin(worker, file);
    if (queue.isShared || (bundles && isBundled(queue.files[0]))) {
      const report = (file, verdict) => progress.judged(file, verdict);
      await runGroup(some(queue, worker), { ...options, onFile }, report);
    } else {
      const file = queue.next(worker);
      onFile(file);
      progress.judged(file, await runFile(file, options));
    }
    progress.end(worker);
  }
}

const waiting = () => queues.find(({ isEmpty }) => !isEmpty);

if (files.length === 0) console.error("no test file matches");
// Tests see none of what the user downloaded or measured.
const cache = temporary("downloads");
const bundles = files.length > AT_ONCE ? await bundleAll() : "";
const ticking = setInterval(() => progress.tick(), TICK_MS);
await Promise.all(Array.from({ length: AT_ONCE }, (_, worker) => work(worker)));
clearInterval(ticking);
process.exitCode = progress.close();
