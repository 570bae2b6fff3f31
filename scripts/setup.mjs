// Takes a fresh clone to a job: installs what is missing, then runs the job. Steps that are already done are skipped.
//
//   node scripts/setup.mjs               dependencies, a WebGPU adapter and the build
//   node scripts/setup.mjs build         dependencies and the build
//   node scripts/setup.mjs demo [...]    the demo, from the sources
//   node scripts/setup.mjs test [...]    the tests, from the sources
//   node scripts/setup.mjs test:browser [...]  the tests of tensors in Chromium
//   node scripts/setup.mjs train [...]   training, from the sources
//   node scripts/setup.mjs bench [...]   the libraries to compare with, then the bench
//   node scripts/setup.mjs docs [...]    the site generator, then the documentation site
//   node scripts/setup.mjs release [...] the build, then the packages tried out
import { ensureAdapter } from "./setup/driver.mjs";
import { handOver, info, SetupError } from "./setup/shell.mjs";
import {
  checkNode,
  ensureBuilt,
  ensureInstalled,
  ensurePeers,
  ensureSiteGenerator,
} from "./setup/toolchain.mjs";

const SOURCES = ["--conditions=@inctrl/source", "--import", "./scripts/typescript/register.mjs"];
const JOBS = {
  setup: undefined,
  build: undefined,
  demo: [...SOURCES, "packages/cli/src/main.ts", "demo"],
  test: ["scripts/test.mjs"],
  train: [...SOURCES, "packages/cli/src/main.ts", "train"],
  "test:browser": ["scripts/test-browser.mjs"],
  bench: [...SOURCES, "bench/src/main.ts"],
  docs: ["scripts/docs/site.mjs"],
  release: ["scripts/release.mjs"],
};

async function main([verb = "setup", ...given]) {
  // pnpm passes on the "--" in front of a script's own arguments.
  const rest = given[0] === "--" ? given.slice(1) : given;
  if (!Object.hasOwn(JOBS, verb))
    throw new SetupError(`unknown verb "${verb}": ${Object.keys(JOBS).join(", ")}`);
  checkNode();
  await ensureInstalled();
  if (verb !== "build" && verb !== "docs") await ensureAdapter();
  if (!JOBS[verb] || verb === "release") await ensureBuilt();
  if (verb === "bench") await ensurePeers();
  if (verb === "docs") await ensureSiteGenerator();
  const job = JOBS[verb];
  return job ? handOver([...job, ...rest]) : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  info(error.message);
  process.exitCode = 1;
}
