// Runs test files one after the other in this process, which loads and compiles for all of them once. A line before each file
// tells which one begins, and a line after it how many milliseconds it took.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { BEGINS, TOOK } from "./run-group.mjs";

// uvu then runs what is queued when it is told to, not on its own.
globalThis.UVU_DEFER = 1;
const { exec } = await import("uvu");

for (const file of process.argv.slice(2)) {
  const started = performance.now();
  process.stdout.write(`\n${BEGINS}${file}\n`);
  globalThis.UVU_QUEUE = [[null]];
  globalThis.UVU_INDEX = 0;
  await import(pathToFileURL(path.resolve(file)));
  // Without test.run() nothing was queued, and nothing is printed: that is seen from outside.
  if (globalThis.UVU_QUEUE[0].length > 1) await exec();
  process.stdout.write(`\n${TOOK}${performance.now() - started}\n`);
}
