import { once } from "node:events";
import { cpus } from "node:os";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { machineTime, processTime, watchOthers } from "../src/load.js";

/** Takes about this much processor time in a thread of its own. */
async function work(ms: number): Promise<void> {
  const code = `
const taken = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e3; };
const start = taken();
while (taken() - start < ${ms});`;
  await once(new Worker(code, { eval: true }), "exit");
}

test("work that a measurement does not know of is other work, and its own is none", async () => {
  const start = performance.now();
  const [blind, knowing] = [watchOthers(() => 0), watchOthers(processTime)];
  const before = processTime();
  await work(300);
  const taken = processTime() - before;
  const [all, others] = [blind(), knowing()];
  const cores = (performance.now() - start) * cpus().length;
  // Counters of the machine move in steps of 10 ms for each core.
  const step = (20 * cpus().length) / cores;
  assert.ok(all >= others && all <= 1, `${all}, ${others}`);
  assert.ok(
    others === 0 || Math.abs(all - others - taken / cores) <= step || all === 1,
    `${all} - ${others}, ${taken / cores}`,
  );
  assert.ok(all >= taken / cores - step, `${all}, ${taken / cores}`);
});

test("the machine's time grows by what this process takes", async () => {
  const before = machineTime();
  await work(200);
  assert.ok(machineTime() - before >= 150);
});

test.run();
