// Runs test files one after the other in this process, so that modules are loaded and kernels compiled once for all. The parent
// process names each file when it is asked. A line before each file names it, and a line after it gives its milliseconds.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { loadTest } from "../typescript/bundles.mjs";
import { BEGINS, TOOK } from "./run-group.mjs";

// Most functions run too briefly in tests for V8's optimiser to pay. It waits until a function has run 600 kB of bytecode; by default 132.
setFlagsFromString("--interrupt-budget=600000");
// Makes uvu run queued tests on request instead of on its own.
globalThis.UVU_DEFER = 1;
const { exec } = await import("uvu");

/** Asks for a file. Empty: there is no more. */
const next = () =>
  new Promise((resolve) => {
    process.once("message", resolve);
    process.send("next");
  });

for (let file = await next(); file; file = await next()) {
  const started = performance.now();
  process.stdout.write(`\n${BEGINS}${file}\n`);
  globalThis.UVU_QUEUE = [[null]];
  globalThis.UVU_INDEX = 0;
  await loadTest(pathToFileURL(path.resolve(file)).href);
  // A file without test.run() queues nothing and prints nothing, which the parent process reports.
  if (globalThis.UVU_QUEUE[0].length > 1) await exec();
  process.stdout.write(`\n${TOOK}${performance.now() - started}\n`);
}
process.disconnect();
