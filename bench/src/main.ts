import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { Bench } from "./bench.js";
import type { Case, Row } from "./case.js";
import { CASES } from "./cases/index.js";
import { fillDocs } from "./report/docs.js";
import { compareRows } from "./report/regressions.js";
import { provenance, type Results, readResults, saveResults, thisMachine } from "./report/results.js";
import { markdownTable } from "./report/table.js";

const DEFAULT_MARGIN = 0.2;

const HELP = `npm run bench -- [options]

Measures this repository's kernels and pipeline beside other libraries, on this machine's adapter, and saves the table.
All take turns in one run, so ratios hold even where times do not. A full run takes a quarter of an hour on two cores.

  --only CASE...   some cases: ${CASES.map(({ name }) => name).join(", ")}
  --json FILE      also write the rows as JSON
  --compare        compare ratios with the saved table and save nothing; exit with 1 where one became worse
  --margin SHARE   by how much a ratio may become worse (default ${DEFAULT_MARGIN})
  --deit FILE      a DeiT-Tiny checkpoint for towers; without it the downloaded one, else seeded weights
  --alone          leave the other libraries out; nothing is saved
  --quick          tiny sizes and few runs, to see that all works; nothing is saved
  --docs           measure nothing; write the saved ratios into docs/numbers.md and README.md
  --help
`;

const say = (text: string) => process.stderr.write(`bench: ${text}\n`);

/** An error that the user can mend, shown without a stack trace. */
class UsageError extends Error {}

function options(args: string[]) {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; see --help`);
  }
  const { values, positionals } = parsed;
  if (positionals.length > 0 && !values.only)
    throw new UsageError(`"${positionals[0]}": cases follow --only`);
  const wanted = [...(values.only ?? []), ...positionals].flatMap((names) => names.split(","));
  const unknown = wanted.find((name) => !CASES.some((each) => each.name === name));
  if (unknown !== undefined)
    throw new UsageError(
      `there is no case "${unknown}"; choose of ${CASES.map(({ name }) => name).join(", ")}`,
    );
  const margin = Number(values.margin ?? DEFAULT_MARGIN);
  if (!(margin >= 0 && margin < 1))
    throw new UsageError(`--margin ${values.margin}: give a share from 0 to 1`);
  const cases = wanted.length > 0 ? CASES.filter(({ name }) => wanted.includes(name)) : CASES;
  return { ...values, margin, cases };
}

const parse = (args: string[]) =>
  parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: "string", multiple: true },
      json: { type: "string" },
      compare: { type: "boolean", default: false },
      margin: { type: "string" },
      deit: { type: "string" },
      alone: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      docs: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });

async function main(args: string[]): Promise<number> {
  const { cases, json, compare, margin, deit, alone, quick, docs, help } = options(args);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { name, machine } = await thisMachine();
  const saved = await readResults(name);
  if ((compare || docs) && !saved)
    throw new UsageError(
      `there are no saved results for ${machine.adapter}; run without --compare or --docs first`,
    );
  if (docs) {
    await fillDocs(saved as Results);
    return 0;
  }
  say(`${machine.processor}, ${machine.cores} cores; ${machine.adapter}`);
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => abort.abort());
  const bench = new Bench({ quick, alone, deit, say, signal: abort.signal });
  const results: Results = { ...saved };
  const rows: Row[] = [];
  try {
    for (const each of cases) {
      const own = await runCase(bench, each);
      rows.push(...own);
      process.stdout.write(`## ${each.name}\n\n${each.title}.\n\n${markdownTable(own)}\n`);
      if (json) await writeFileAtomic(json, `${JSON.stringify(rows, null, 1)}\n`);
      if (quick || alone || compare) continue;
      results[each.name] = { ...(await provenance(machine)), rows: own };
      say(`saved in ${await saveResults(name, results)}`);
    }
  } finally {
    bench.stop();
  }
  const failures = rows.filter(({ subject, failed }) => subject === "ours" && failed !== undefined).length;
  if (failures > 0) say(`${failures} of our own rows failed`);
  return Math.max(Number(failures > 0), compare ? report(saved as Results, rows, margin) : 0);
}

/** The rows of a case. An error becomes a row. */
async function runCase(bench: Bench, each: Case): Promise<Row[]> {
  const rows: Row[] = [];
  try {
    for await (const row of each.run(bench)) rows.push(row);
  } catch (error) {
    bench.signal.throwIfAborted();
    const nothing = { medianMs: null, minMs: null, spread: null, runs: 0, rate: null, unit: "" };
    const failed = (error as Error).message.split("\n")[0];
    rows.push({ case: each.name, size: "", subject: "ours", ...nothing, failed });
  }
  return rows;
}

function report(saved: Results, rows: readonly Row[], margin: number): number {
  const before = Object.values(saved).flatMap((result) => result.rows);
  const { lines, regressions } = compareRows(before, rows, margin);
  process.stdout.write(`${lines.join("\n")}\n`);
  say(
    `${lines.length} ratios compared, ${regressions} worse by more than ${margin * 100}% (--margin) than those saved`,
  );
  return regressions > 0 ? 1 : 0;
}

// All temporary files, also those of the libraries' processes, lie in one folder, which is removed in any case.
const folder = await mkdtemp(join(tmpdir(), "inctrl-bench-"));
for (const variable of ["TMPDIR", "TEMP", "TMP"]) process.env[variable] = folder;
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if ((error as Error).name === "AbortError") {
    say("stopped");
    process.exitCode = 130;
  } else if (error instanceof UsageError) {
    say(error.message);
    process.exitCode = 1;
  } else throw error;
} finally {
  await rm(folder, { recursive: true, force: true });
}
