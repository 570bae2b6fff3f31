import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { Bench } from "./bench.js";
import { type Case, NO_FIGURES, type Row } from "./case.js";
import { CASES } from "./cases/index.js";
import { BUSY, othersNow, watchOthers } from "./load.js";
import { fillDocs } from "./report/docs.js";
import { compareRows } from "./report/regressions.js";
import {
  allResults,
  processorOf,
  provenance,
  type Results,
  readResults,
  saveResults,
  thisMachine,
} from "./report/results.js";
import { markdownTable, percent } from "./report/table.js";

const NAMES = CASES.map(({ name }) => name).join(", ");
const DEFAULT_MARGIN = "0.2";

const HELP = `npm run bench -- [options]

Measures this repository's kernels and pipeline beside other libraries, on this machine's adapter, and saves the table.
All take turns in one run, so ratios hold even where times do not. A full run takes a quarter of an hour on two cores.

  --only CASE...   some cases: ${NAMES}
  --json FILE      also write the rows as JSON
  --compare        compare ratios with the saved table and save nothing; exit with 1 where one became worse
  --margin SHARE   by how much a ratio may become worse (default ${DEFAULT_MARGIN})
  --deit FILE      a DeiT-Tiny checkpoint for towers; without it the downloaded one, else seeded weights
  --alone          leave the other libraries out; nothing is saved
  --quick          tiny sizes and few runs, to see that all works; nothing is saved
  --loaded         measure although other work runs, and save or compare tables that are marked so
  --docs           measure nothing; write the saved ratios into docs/numbers.md and README.md
  --help
`;

const flag = { type: "boolean" } as const;
const text = { type: "string" } as const;
const OPTIONS = {
  ...{
    only: { ...text, multiple: true },
    json: text,
    margin: { ...text, default: DEFAULT_MARGIN },
    deit: text,
  },
  ...{ compare: flag, alone: flag, quick: flag, loaded: flag, docs: flag, help: flag },
} as const;

const say = (line: string) => process.stderr.write(`bench: ${line}\n`);

/** An error that the user can mend, shown without a stack trace. */
class UsageError extends Error {}

function optionsOf(args: string[]) {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  if (positionals.length > 0 && !values.only)
    throw new UsageError(`"${positionals[0]}": cases follow --only`);
  const wanted = [...(values.only ?? []), ...positionals].flatMap((names) => names.split(","));
  const unknown = wanted.find((name) => !CASES.some((each) => each.name === name));
  if (unknown !== undefined) throw new UsageError(`there is no case "${unknown}"; choose of ${NAMES}`);
  const margin = Number(values.margin);
  if (!(margin >= 0 && margin < 1))
    throw new UsageError(`--margin ${values.margin}: give a share from 0 to 1`);
  const cases = wanted.length > 0 ? CASES.filter(({ name }) => wanted.includes(name)) : CASES;
  return { ...values, margin, cases };
}

async function main(args: string[]): Promise<number> {
  const options = optionsOf(args);
  const { cases, json, compare, margin, alone, quick, loaded } = options;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.docs) {
    await fillDocs(await allResults());
    return 0;
  }
  const { name, machine } = await thisMachine();
  const saved = await readResults(name);
  if (compare && !saved)
    throw new UsageError(
      `there are no saved results for ${machine.adapter} on ${processorOf(machine)}; run without --compare first`,
    );
  const kept = !quick && !alone;
  const before = kept ? await othersNow() : 0;
  if (before > BUSY && !loaded)
    throw new UsageError(
      `other work takes ${percent(before)} of the processor's time; wait until it is done, or add --loaded: tables are then marked`,
    );
  say(`${processorOf(machine)}, ${machine.cores} cores; ${machine.adapter}`);
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => abort.abort());
  const bench = new Bench({ ...options, say, signal: abort.signal });
  const results: Results = { ...saved };
  const rows: Row[] = [];
  let refused = 0;
  try {
    for (const each of cases) {
      const watch = watchOthers(() => bench.processorMs());
      const own = await runCase(bench, each);
      const others = watch();
      const marked = others > BUSY;
      const remark = `other work took ${percent(others)} of the processor's time`;
      process.stdout.write(
        `## ${each.name}\n\n${each.title}.\n\n${marked ? `UNDER LOAD: ${remark}.\n\n` : ""}${markdownTable(own)}\n`,
      );
      if (kept && marked && !loaded) {
        say(`${each.name}: ${remark}, so it is neither saved nor compared; measure again, or add --loaded`);
        refused++;
        continue;
      }
      rows.push(...own);
      if (json) await writeFileAtomic(json, `${JSON.stringify(rows, null, 1)}\n`);
      if (quick || alone || compare) continue;
      results[each.name] = { ...(await provenance(machine)), ...(marked && { others }), rows: own };
      say(`saved in ${await saveResults(name, results)}`);
    }
  } finally {
    bench.stop();
  }
  const failures = rows.filter(({ subject, failed }) => subject === "ours" && failed !== undefined).length;
  if (failures > 0) say(`${failures} of our own rows failed`);
  return Math.max(Number(failures + refused > 0), compare ? report(saved as Results, rows, margin) : 0);
}

/** The rows of a case. An error becomes a row. */
async function runCase(bench: Bench, { name, run }: Case): Promise<Row[]> {
  const rows: Row[] = [];
  try {
    for await (const row of run(bench)) rows.push(row);
  } catch (error) {
    bench.signal.throwIfAborted();
    const failed = (error as Error).message.split("\n")[0];
    rows.push({ case: name, size: "", subject: "ours", ...NO_FIGURES, unit: "", failed });
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
  const { name, message, code } = error as NodeJS.ErrnoException;
  if (name === "AbortError") say("stopped");
  else if (error instanceof UsageError) say(message);
  else if (code?.startsWith("ERR_PARSE_ARGS")) say(`${message}; see --help`);
  else throw error;
  process.exitCode = name === "AbortError" ? 130 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
