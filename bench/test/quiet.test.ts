import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { untilQuiet } from "../src/quiet.js";

/** A thread that computes until it has taken this much processor time, as the pool of a library that spins after its work. */
async function spin(ms: number): Promise<{ ended: Promise<unknown> }> {
  const code = `
const { parentPort } = require("node:worker_threads");
const taken = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e3; };
parentPort.postMessage("begun");
const start = taken();
while (taken() - start < ${ms});`;
  const worker = new Worker(code, { eval: true });
  const ended = once(worker, "exit");
  await once(worker, "message");
  return { ended };
}

test("a turn ends when no thread of the process computes any more", async () => {
  const { ended } = await spin(150);
  let over = false;
  ended.then(() => {
    over = true;
  });
  assert.ok(await untilQuiet(60_000));
  // The exit of a thread is reported a moment after its last instruction.
  const soon = new Promise((done) => setTimeout(done, 1000));
  await Promise.race([ended, soon]);
  assert.ok(over);
});

test("a process that never becomes quiet is not waited for longer than the limit", async () => {
  const { ended } = await spin(200);
  assert.is(await untilQuiet(1), false);
  await ended;
});

test.run();
