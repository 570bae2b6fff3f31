import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type GpuCheckReport, readReport } from "../../src/gpu-check/report.js";
import { runStep } from "../../src/gpu-check/run.js";
import { type StepPlan, stepsAfter } from "../../src/gpu-check/steps.js";
import { adapterTable } from "../../src/gpu-check/table.js";

const test = suite("gpu-check", { folder: "" });
test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), "inctrl-gpu-check-"));
});
test.after((context) => rm(context.folder, { recursive: true }));

const REPORT: GpuCheckReport = {
  ...{ format: "inctrl-gpu-check", version: 1, date: "2026-11-29", commit: "abc", node: "20.9.0" },
  ...{ platform: "linux", webgpu: "0.6.2", processor: "Some 3000", cores: 2, memoryGB: 8, load: 0.1 },
  adapters: ["Acme 1"],
  adapter: {
    ...{ name: "acme-1", vendor: "acme", architecture: "", driver: "Acme 1: 2.3", software: false },
    ...{ family: "workgroup", subgroupSize: 32, features: ["subgroups"], limits: { maxInvocations: 1024 } },
  },
  steps: [
    { name: "doctor", verdict: "passed", seconds: 2, figures: { "GFLOP/s": 1234.5 } },
    { name: "parity", verdict: "passed", seconds: 3, figures: { values: 20, hold: 20 } },
    {
      name: "tests",
      verdict: "stopped",
      seconds: 240,
      figures: { passed: 17, failed: 0 },
      problem: "stopped",
    },
  ],
};

/** A step that runs this text. */
async function planOf(folder: string, text: string, limit = 60): Promise<StepPlan> {
  const script = join(folder, "step.mjs");
  await writeFile(script, text);
  return { name: "bench", title: "a script", limit, args: [script], read: (output) => JSON.parse(output) };
}

test("a step passes with its figures, fails with its reason, and is stopped at its limit", async ({
  folder,
}) => {
  const options = { left: 60, env: process.env, file: join(folder, "none") };
  const run = async (text: string, limit?: number) =>
    (await runStep(await planOf(folder, text, limit), options)).step;
  const { seconds, ...passed } = await run("console.log('{\"a\":2}')");
  assert.equal(passed, { name: "bench", verdict: "passed", figures: { a: 2 } });
  const failed = await run('console.log(\'{"a":1}\'); console.error("no luck"); process.exit(3)');
  assert.equal(
    [failed.verdict, failed.figures, failed.problem],
    ["failed", { a: 1 }, "exit code 3; no luck"],
  );
  assert.match((await run("console.log('text')")).problem ?? "", /printed no result/);
  const stopped = await run("setInterval(() => {}, 1000)", 0.5);
  assert.equal([stopped.verdict, stopped.problem], ["stopped", "stopped after 1 s"]);
});

test("steps read what their programs print, whole or cut off", () => {
  const [parity, tests, bench, tune, matrices] = stepsAfter(true, "file");
  assert.equal(matrices.read('{"matrix":null,"found":null}', ""), { matrix: "none" });
  const found = { used: true, error: 0.5, products: [{ shape: [1, 2, 3], plainMs: 3, matrixMs: 2 }] };
  assert.equal(matrices.read(JSON.stringify({ matrix: { m: 16, n: 8, k: 4 }, found }), ""), {
    ...{ matrix: "16 x 8 x 4", "error over its bound": 0.5, used: true, "1 x 2 x 3, times as fast": 1.5 },
  });
  assert.equal(parity.read('{"checks":[{"ok":true,"maxAbs":1e-7},{"ok":false,"maxAbs":0.5}]}', ""), {
    ...{ values: 2, hold: 1, "largest error": 0.5 },
  });
  assert.equal(tests.read("3 of 9 files, 20 passed, 1 failed\nFAIL a/b.test.ts  1 failed", ""), {
    ...{ passed: 20, failed: 1, "files done": 3, "files in all": 9, "failing files": "a/b.test.ts" },
  });
  assert.equal(tests.read("FAIL a.test.ts 1\nslowest: b\n31 passed, 1 failed, 2 skipped\n", ""), {
    ...{ passed: 31, failed: 1, "failing files": "a.test.ts" },
  });
  const row = { case: "gemm", size: "8 x 8 x 8", rate: 2.5, unit: "GFLOP/s", medianMs: 1 };
  const rows = [
    { ...row, subject: "ours" },
    { ...row, subject: "ceiling" },
  ];
  assert.equal(bench.read("", JSON.stringify(rows)), { "gemm, 8 x 8 x 8, GFLOP/s": 2.5 });
  const best = { rows: 8, lines: 4, vectors: 2, lanes: 8 };
  const products = [{ shape: [100, 100, 50], plannedMs: 4, bestMs: 2, best }];
  assert.equal(tune.read(JSON.stringify({ products }), ""), {
    "100 x 100 x 50, GFLOP/s": 0.5,
    "100 x 100 x 50, planned over best": 2,
    "100 x 100 x 50, best tile": "32 x 64",
  });
});

test("all steps together fit into ten minutes, and a GPU is asked for more than a processor", () => {
  for (const software of [true, false])
    assert.ok(stepsAfter(software, "").reduce((sum, { limit }) => sum + limit, 90) <= 600);
  assert.ok(`${stepsAfter(false, "")[2].args}`.includes("towers"));
});

test("a report of another version, or with a wrong value, is refused by name", () => {
  assert.equal(readReport(JSON.stringify(REPORT), "x"), REPORT);
  assert.throws(() => readReport("{", "x.json"), /x\.json: is no JSON/);
  assert.throws(() => readReport(JSON.stringify({ ...REPORT, version: 2 }), "x"), /\(version: /);
  const steps = [{ ...REPORT.steps[0], verdict: "perhaps" }];
  assert.throws(() => readReport(JSON.stringify({ ...REPORT, steps }), "x"), /\(steps\.0\.verdict: /);
});

test("the table shows verdicts, and no rate of a busy machine", () => {
  const table = adapterTable([REPORT]);
  assert.match(table, /\| acme-1 +\| Acme 1: 2\.3 \|.*\| passed, 20 of 20 \| stopped, 17 right \| 1235 +\|/);
  assert.match(table, /1 of these is a graphics card; no other/);
  const busy = adapterTable([{ ...REPORT, load: 3, adapter: { ...REPORT.adapter!, software: true } }]);
  assert.match(busy, /\| acme-1 \(software\) .*\| under load \|/);
  assert.match(busy, /No graphics card has been checked yet/);
});

test("the command writes a report that can be read, whatever adapter there is", async ({ folder }) => {
  const main = fileURLToPath(new URL("../../src/gpu-check/main.ts", import.meta.url));
  const out = join(folder, "report.json");
  // No adapter has this name, so that nothing is computed here.
  const args = [...process.execArgv, main, "--only", "none", "--device", "no such thing", "--out", out];
  const { code } = await promisify(execFile)(process.execPath, args).then(
    () => ({ code: 0 }),
    (error) => error,
  );
  assert.is(code, 1);
  const { adapter, steps } = readReport(await readFile(out, "utf8"), out);
  assert.is(adapter, null);
  assert.equal(
    steps.map(({ name, verdict }) => `${name} ${verdict}`),
    ["doctor failed", "parity skipped", "tests skipped", "bench skipped", "tune skipped", "matrices skipped"],
  );
  assert.match(steps[0].problem ?? "", /no adapter matches "no such thing"/);
});

test.run();
