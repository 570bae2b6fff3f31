import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { commit } from "../report/results.js";
import { plannedKernels } from "./kernels.js";
import { describe, type RadvResults, type RadvRun } from "./report.js";
import { buildShim, compileFor, type RadvRow } from "./run.js";

const HELP = `npm run bench:radv -- [options]

Compiles the heavy kernels for AMD GPUs with Mesa's compiler, on RADV's null device: no GPU is needed and nothing runs. Saves the registers,
workgroup memory and clocks that the compiler tells as bench/results/radv.md. Needs mesa-vulkan-drivers (25) and a C compiler.

  --family NAME...  some families: vega10, navi10, navi21, navi31, gfx1200, ... (default navi31, navi21, vega10)
  --base            save as what later runs are compared with
  --dry             print the table and save nothing
  --help
`;

const FAMILIES = ["navi31", "navi21", "vega10"];
const RESULTS = fileURLToPath(new URL("../../results/radv", import.meta.url));

const { values } = parseArgs({
  options: {
    family: { type: "string", multiple: true },
    base: { type: "boolean" },
    dry: { type: "boolean" },
    help: { type: "boolean" },
  },
});

async function run(families: readonly string[]): Promise<RadvRun> {
  const folder = await mkdtemp(join(tmpdir(), "inctrl-radv-"));
  try {
    const driver = await buildShim(folder);
    const rows: RadvRow[] = [];
    let compiler = "";
    for (const family of families) {
      process.stderr.write(`bench: compiling for ${family}\n`);
      const made = await compileFor(family, plannedKernels(), folder, driver);
      compiler = made.compiler;
      rows.push(...made.rows);
    }
    return { date: new Date().toISOString().slice(0, 10), commit: await commit(), compiler, rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (values.help) process.stdout.write(HELP);
else {
  const made = await run(values.family ?? FAMILIES);
  const saved = JSON.parse(await readFile(`${RESULTS}.json`, "utf8").catch(() => "{}")) as RadvResults;
  const results: RadvResults = values.base ? { base: made } : { ...saved, now: made };
  if (!values.dry) {
    await writeFileAtomic(`${RESULTS}.json`, `${JSON.stringify(results, null, 1)}\n`);
    await writeFileAtomic(`${RESULTS}.md`, describe(results));
  }
  process.stdout.write(describe(results));
}
