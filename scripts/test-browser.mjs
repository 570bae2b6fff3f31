// Runs the tests of tensors outside Node, one script a file.
//
//   npm run test:browser                       ops, gradients, kernels and networks in Chromium
//   npm run test:browser -- --in firefox       in Firefox; in deno, whose naga reads every shader
//   npm run test:browser -- ops/matmul         those with this text in their path
//
// CHROMIUM_PATH, FIREFOX_PATH and DENO_PATH name the programs.
import { readdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { againWithWebSocket } from "@inctrl/testing/firefox";
import { build } from "esbuild";
import { ENGINES } from "./testing/engines/engines.mjs";
import { parseSummary } from "./testing/run-file.mjs";
import { ROOT } from "./workspace.mjs";

const TESTS = path.join(ROOT, "packages/tensor/test");
/** Folders whose tests need nothing but a device. */
const FOLDERS = ["ops", "autograd", "nn", "kernels", "optim"];
const LIMIT_MS = 600_000;
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");

function discover(filters) {
  const all = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(TESTS, folder))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name}`),
  );
  return filters.length === 0 ? all : all.filter((name) => filters.some((filter) => name.includes(filter)));
}

/** The test and the library as one module, straight from their sources. */
async function bundle(file) {
  const { outputFiles } = await build({
    entryPoints: [path.join(TESTS, file)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@inctrl/source"],
    external: ["node:*", "webgpu"],
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** Runs all files in one engine, and says how each ended. */
async function runAll(run, files) {
  const totals = { passed: 0, failed: 0 };
  for (const file of files) {
    const started = performance.now();
    const output = (await run(await bundle(file))).replaceAll(COLOURS, "");
    const { total = 0, passed = 0 } = parseSummary(output) ?? {};
    const failed = total - passed || (total === 0 ? 1 : 0);
    totals.passed += passed;
    totals.failed += failed;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${failed ? "FAIL" : "ok  "} ${file}  ${passed} of ${total} passed  ${seconds} s`);
    if (failed) console.log(output.trimEnd().replace(/^/gm, "     | "));
  }
  if (files.length === 0) console.error("no test file matches");
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { in: { type: "string", default: "chromium" } },
    allowPositionals: true,
  });
  if (!Object.hasOwn(ENGINES, values.in))
    throw new Error(`--in ${values.in} is none of ${Object.keys(ENGINES).join(", ")}`);
  const again = values.in === "firefox" ? await againWithWebSocket() : undefined;
  if (again !== undefined) return again;
  let code = 1;
  await ENGINES[values.in](LIMIT_MS, async (run) => {
    code = await runAll(run, discover(positionals));
  });
  return code;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
