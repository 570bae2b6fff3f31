// Takes a fresh clone to a job: installs what is missing, then runs the job. Steps that are already done are skipped.
//
//   node scripts/setup.mjs               dependencies, a WebGPU adapter, the build and the page
//   node scripts/setup.mjs install       dependencies alone
//   node scripts/setup.mjs build         dependencies and the build
//   node scripts/setup.mjs demo [...]    the demo, from the sources
//   node scripts/setup.mjs test [...]    the tests, from the sources
//   node scripts/setup.mjs build:web     the page, into packages/web/page
//   node scripts/setup.mjs test:page [...]  the journeys of visitors through the page, in Chromium
//   node scripts/setup.mjs test:browser [...]  the tests of tensors in Chromium, Firefox or Deno
//   node scripts/setup.mjs train [...]   training, from the sources
//   node scripts/setup.mjs bench [...]   the libraries to compare with, then the bench
//   node scripts/setup.mjs gpu-check [...]  checks and measures this machine's GPU, into one file
//   node scripts/setup.mjs docs [...]    the site generator, then the documentation site
//   node scripts/setup.mjs release [...] the build, then the packages tried out
import { ensureAdapter } from "./setup/driver.mjs";
import { handOver, info, SetupError } from "./setup/shell.mjs";
import {
  checkNode,
  ensureBuilt,
  ensureInstalled,
  ensurePage,
  ensurePeers,
  ensureSiteGenerator,
} from "./setup/toolchain.mjs";
import { TYPESCRIPT } from "./workspace.mjs";

const COMMAND = [...TYPESCRIPT, "packages/cli/src/main.ts"];

/** What each verb needs beside the dependencies, and what Node runs then. */
const VERBS = {
  setup: { needs: [ensureAdapter, ensureBuilt, ensurePage] },
  install: { needs: [] },
  build: { needs: [ensureBuilt] },
  "build:web": { needs: [], runs: [...TYPESCRIPT, "packages/web/build.ts"] },
  "test:page": { needs: [ensureAdapter], runs: [...TYPESCRIPT, "packages/web/test/journeys.ts"] },
  demo: { needs: [ensureAdapter], runs: [...COMMAND, "demo"] },
  test: { needs: [ensureAdapter], runs: ["scripts/test.mjs"] },
  "test:browser": { needs: [ensureAdapter], runs: [...TYPESCRIPT, "scripts/test-browser.mjs"] },
  train: { needs: [ensureAdapter], runs: [...COMMAND, "train"] },
  bench: { needs: [ensureAdapter, ensurePeers], runs: [...TYPESCRIPT, "bench/src/main.ts"] },
  "gpu-check": { needs: [ensureAdapter], runs: [...TYPESCRIPT, "bench/src/gpu-check/main.ts"] },
  docs: { needs: [ensureSiteGenerator], runs: ["scripts/docs/site.mjs"] },
  release: { needs: [ensureAdapter, ensureBuilt, ensurePage], runs: ["scripts/release.mjs"] },
};

async function main([verb = "setup", ...given]) {
  // pnpm passes on the "--" in front of a script's own arguments.
  const rest = given[0] === "--" ? given.slice(1) : given;
  if (!Object.hasOwn(VERBS, verb))
    throw new SetupError(`unknown verb "${verb}": ${Object.keys(VERBS).join(", ")}`);
  checkNode();
  await ensureInstalled();
  const { needs, runs } = VERBS[verb];
  for (const ensure of needs) await ensure();
  return runs ? handOver([...runs, ...rest]) : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  info(error.message);
  process.exitCode = 1;
}
