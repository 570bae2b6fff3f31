import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, spawnCli, warnings } from "../support/cli.js";

test("a working machine is reported with versions, adapter, right kernels and a speed", async () => {
  const run = await spawnCli(["doctor", "--json"]);
  assert.is(run.code, 0, run.stderr);
  const report = JSON.parse(run.stdout);
  assert.is(report.ok, true);
  assert.is(report.node, process.versions.node);
  for (const version of Object.values(report.packages)) assert.match(version as string, /^\d+\.\d+/);
  assert.equal(Object.keys(report.packages).length, 6);
  assert.ok(report.adapters.length > 0);
  assert.ok(report.device.maxBindingBytes > 0);
  const names = report.kernels.map((kernel: { name: string }) => kernel.name);
  for (const name of ["matmul", "attention", "nearest", "layer norm"]) assert.ok(names.includes(name), name);
  for (const kernel of report.kernels)
    assert.ok(kernel.ok && kernel.maxError <= kernel.tolerance, kernel.name);
  assert.ok(report.gemm.gflops > 0);
  assert.ok(report.processor.model.length > 0);
  // Tests measure no rule.
  if (report.device.software && report.device.family === "subgroup") assert.is(report.rule.measured, false);
  assert.ok(report.onnxruntime === null || report.onnxruntime.gflops > 0);
});

test("without a driver the report says what to do and exits with 1", async () => {
  const run = await cli(["doctor"], { env: { INCTRL_ADAPTER: "nonsense" } });
  assert.is(run.code, 1);
  assert.match(run.stdout, /^Node +\d/);
  assert.match(run.stdout, /not ready\n$/);
  assert.is(warnings(run).length, 1);
  assert.match(warnings(run)[0], 'no adapter matches "nonsense"');
});

test.run();
