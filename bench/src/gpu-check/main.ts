import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "@inctrl/datasets";
import { fileOf, fillBetween } from "../report/fill.js";
import { commit } from "../report/results.js";
import { FORMAT, type GpuCheckReport, readReport, type Step, VERSION } from "./report.js";
import { runStep } from "./run.js";
import { DOCTOR, machineOf, type StepPlan, stepsAfter } from "./steps.js";
import { adapterTable } from "./table.js";

const HELP = `npm run gpu-check -- [options]

Checks and measures this machine's GPU within ten minutes: doctor, a small model against PyTorch, the tests of tensors in all kernel families,
rates, tiles, matrix units. Each step runs in a process of its own for a bounded time, and one that fails ends no other. Writes one JSON file to attach to an
issue: adapter, driver, processor, features, limits, verdicts and figures; no names of users or folders. Nothing is sent anywhere.

  --device WHICH   auto, hardware, software, the number that doctor gives an adapter, or part of its name
  --out FILE       where to write (default gpu-check.json)
  --only STEP...   some steps: parity, tests, bench, tune, matrices; doctor always runs
  --seconds N      for all steps together (default 570); with more, each may take longer in proportion
  --docs           check nothing; write the table of adapters from bench/results/adapters/*.json into docs/numbers.md
  --help
`;

const MARKS = ["<!-- adapters: written by npm run gpu-check -- --docs -->", "<!-- /adapters -->"] as const;
const SPARSE_MS = 15_000;
/** The limits of the steps are made for so many in all. */
const SECONDS = 570;

const say = (line: string) => process.stderr.write(`gpu-check: ${line}\n`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: "string" },
    out: { type: "string", default: "gpu-check.json" },
    only: { type: "string", multiple: true },
    seconds: { type: "string", default: `${SECONDS}` },
    docs: { type: "boolean" },
    help: { type: "boolean" },
  },
});

/** Runs a step and says how it goes. */
async function told(plan: StepPlan, options: Parameters<typeof runStep>[1]): ReturnType<typeof runStep> {
  say(`${plan.name}: ${plan.title}, at most ${Math.round(Math.min(plan.limit, options.left))} s`);
  const began = performance.now();
  const ticking = setInterval(
    () => say(`${plan.name}: ${Math.round((performance.now() - began) / 1000)} s`),
    SPARSE_MS,
  );
  const done = await runStep(plan, options);
  clearInterval(ticking);
  const { verdict, seconds, problem } = done.step;
  say(`${plan.name}: ${verdict} in ${seconds} s${problem ? `; ${problem}` : ""}`);
  return done;
}

async function check(): Promise<number> {
  const began = performance.now();
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds}: give a number above 0`);
  const left = () => seconds - (performance.now() - began) / 1000;
  const patient = (plan: StepPlan): StepPlan => ({
    ...plan,
    limit: plan.limit * Math.max(1, seconds / SECONDS),
  });
  const only = [...(values.only ?? []), ...positionals];
  const all = cpus();
  const folder = await mkdtemp(join(tmpdir(), "inctrl-gpu-check-"));
  const file = join(folder, "made.json");
  // A cache of its own, so that a tuning of this machine counts for nothing here and is not replaced.
  const env = {
    ...process.env,
    INCTRL_CACHE: folder,
    ...(values.device !== undefined && { INCTRL_ADAPTER: values.device }),
  };
  const report: GpuCheckReport = {
    ...{ format: FORMAT, version: VERSION },
    date: new Date().toISOString().slice(0, 10),
    commit: await commit(),
    ...{ node: process.versions.node, platform: process.platform, webgpu: "" },
    processor: all[0]?.model.trim() || process.arch,
    cores: Math.max(1, all.length),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    load: Math.round((100 * loadavg()[0]) / Math.max(1, all.length)) / 100,
    ...{ adapters: [], adapter: null, steps: [] },
  };
  const out = resolve(values.out);
  // Written after each step, so that a crash of the machine leaves what there was.
  const save = (step: Step) => {
    report.steps.push(step);
    return writeFileAtomic(out, `${JSON.stringify(report, null, 1)}\n`);
  };
  try {
    const { step, output } = await told(patient(DOCTOR), { left: left(), env, file });
    try {
      Object.assign(report, machineOf(output));
    } catch {
      say("doctor: gave no report; the other steps are tried all the same");
    }
    await save(step);
    for (const plan of stepsAfter(report.adapter?.software ?? false, file).map(patient)) {
      const wanted = only.length === 0 || only.includes(plan.name);
      if (wanted && left() > 5) await save((await told(plan, { left: left(), env, file })).step);
      else {
        const problem = wanted ? "no time was left" : "not asked for";
        await save({ name: plan.name, verdict: "skipped", seconds: 0, figures: {}, problem });
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  readReport(JSON.stringify(report), out);
  if (report.adapter?.software)
    say("this adapter is software: the processor computed, and no GPU was checked");
  process.stdout.write(`${out}\n`);
  return report.steps.every(({ verdict }) => verdict === "passed" || verdict === "skipped") ? 0 : 1;
}

async function fillTable(): Promise<number> {
  const folder = fileOf("bench/results/adapters");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const reports: GpuCheckReport[] = [];
  for (const name of names) reports.push(readReport(await readFile(join(folder, name), "utf8"), name));
  await fillBetween(fileOf("docs/numbers.md"), ...MARKS, adapterTable(reports));
  return 0;
}

if (values.help) process.stdout.write(HELP);
else process.exitCode = await (values.docs ? fillTable() : check());
