// From a fresh clone to the job itself. What is already done is not done again.
//
//   node scripts/setup.mjs               set up, no more
//   node scripts/setup.mjs build         dependencies and build, without looking for an adapter
//   node scripts/setup.mjs demo [...]    set up, then the demo
//   node scripts/setup.mjs test [...]    set up, then the tests
//   node scripts/setup.mjs test:browser [...]  set up, then the tests of tensors in Chromium
//   node scripts/setup.mjs train [...]   set up, then training
//   node scripts/setup.mjs bench [...]   set up, get the libraries to compare with, then the bench
import { ensureAdapter } from "./setup/driver.mjs";
import { handOver, SetupError, say } from "./setup/shell.mjs";
import { checkNode, ensureBuilt, ensureInstalled, ensurePeers } from "./setup/toolchain.mjs";

const JOBS = {
  setup: undefined,
  build: undefined,
  demo: ["packages/cli/bin/inctrl.js", "demo"],
  test: ["scripts/test.mjs"],
  train: ["packages/cli/bin/inctrl.js", "train"],
  "test:browser": ["scripts/test-browser.mjs"],
  bench: ["--conditions=@inctrl/source", "--import", "tsx", "bench/src/main.ts"],
};

async function main([verb = "setup", ...given]) {
  // pnpm hands on the "--" that stands before a script's own arguments.
  const rest = given[0] === "--" ? given.slice(1) : given;
  if (!Object.hasOwn(JOBS, verb))
    throw new SetupError(`unknown verb "${verb}": ${Object.keys(JOBS).join(", ")}`);
  checkNode();
  await ensureInstalled();
  if (verb !== "build") await ensureAdapter();
  await ensureBuilt();
  if (verb === "bench") await ensurePeers();
  const job = JOBS[verb];
  return job ? handOver([...job, ...rest]) : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
