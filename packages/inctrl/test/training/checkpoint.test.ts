import { spawn } from "node:child_process";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { PairResiduals } from "../../src/training/pairs.js";
import { type RunOptions, trainRun } from "../../src/training/run.js";
import { bytes, KILLED, measured, OPTIONS, trainingTests } from "./support.js";

const test = trainingTests("checkpoint");
test("equal runs give equal bytes; a run stopped at any step and resumed gives them too", async ({
  folder,
  store,
  data,
}) => {
  const run = async (name: string, options: Partial<RunOptions> = {}) => {
    using pairs = new PairResiduals(store);
    return await trainRun(data, pairs, {
      ...OPTIONS,
      epochs: 2,
      steps: 2,
      folder: join(folder, name),
      ...options,
    });
  };
  const straight = await run("straight");
  await run("twin");
  const same = (name: string) => {
    for (const file of ["heads", "best", "checkpoint"] as const)
      assert.ok(
        bytes(join(folder, name), file).equals(bytes(join(folder, "straight"), file)),
        `${name}: ${file}`,
      );
    assert.equal(measured(join(folder, name)), measured(join(folder, "straight")));
  };
  same("twin");

  // Within the second epoch, at the end of the first, and within it.
  for (const at of [3, 2, 1]) {
    const stop = new AbortController();
    const stopped = await run(`stopped-${at}`, {
      signal: stop.signal,
      onStep: ({ step }) => step === at && stop.abort(),
    });
    assert.equal([stopped.finished, stopped.steps], [false, at]);
    assert.not(existsSync(join(folder, `stopped-${at}`, "heads.safetensors")));
    // A killed run leaves lines beyond its checkpoint, the last of them half-written.
    appendFileSync(join(folder, `stopped-${at}`, "metrics.jsonl"), '{"step":999,"loss":1}\n{"step":');
    const resumed = await run(`stopped-${at}`, { resume: true });
    assert.is(resumed.steps, straight.steps);
    same(`stopped-${at}`);
  }

  // One epoch more goes on from the end; another seed is another run.
  await run("longer", { epochs: 1 });
  await run("longer", { resume: true });
  same("longer");
  await run("seed", { seed: 1 });
  assert.not(bytes(join(folder, "seed"), "heads").equals(bytes(join(folder, "straight"), "heads")));
});

test("a run that is killed goes on to the same bytes", async ({ folder, store, data, pairs }) => {
  const child = fileURLToPath(new URL("child.ts", import.meta.url));
  const out = join(folder, "killed");
  const start = (killAt: number) =>
    new Promise<string | null>((resolve, reject) => {
      const args = [...process.execArgv, child, out, join(folder, "cache")];
      const running = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
      running.stdout.setEncoding("utf8").on("data", (text: string) => {
        if (text.split("\n").some((line) => Number(line) >= killAt)) running.kill("SIGKILL");
      });
      running.on("error", reject);
      running.on("close", (code, signal) => resolve(signal ?? String(code)));
    });
  assert.is(await start(4), "SIGKILL");
  assert.not(existsSync(join(out, "heads.safetensors")));
  const began: number[] = [];
  await trainRun(data, pairs, { ...KILLED, folder: out, resume: true, onStart: (step) => began.push(step) });
  assert.equal(began, [3], "from the checkpoint of the first epoch");
  using fresh = new PairResiduals(store);
  await trainRun(data, fresh, { ...KILLED, folder: join(folder, "unharmed") });
  for (const file of ["heads", "best", "checkpoint"] as const)
    assert.ok(bytes(out, file).equals(bytes(join(folder, "unharmed"), file)), file);
  assert.equal(measured(out), measured(join(folder, "unharmed")));
});

test("a checkpoint of another run, a damaged one, or one too far is refused", async ({
  folder,
  data,
  pairs,
}) => {
  const out = join(folder, "refused");
  const run = (options: Partial<RunOptions>) =>
    trainRun(data, pairs, { ...OPTIONS, epochs: 1, steps: 2, folder: out, ...options });
  await run({});
  await throwsCode(() => run({ resume: true, lr: 0.5 }), "checkpoint", /another options .*begin again/);
  const other = { ...data, hash: "0".repeat(64) };
  await throwsCode(
    () => trainRun(other, pairs, { ...OPTIONS, steps: 2, folder: out, resume: true }),
    "checkpoint",
    /another data_sha256/,
  );
  await throwsCode(
    () => run({ resume: true, steps: 1 }),
    "steps",
    /has taken 2 steps already and 1 are asked/,
  );
  const whole = bytes(out, "checkpoint");
  writeFileSync(join(out, "checkpoint.safetensors"), whole.subarray(0, whole.length - 7));
  await throwsCode(() => run({ resume: true }), "checkpoint", /is no sound checkpoint/);
  writeFileSync(join(out, "checkpoint.safetensors"), bytes(out, "heads"));
  await throwsCode(() => run({ resume: true }), "checkpoint", /is no checkpoint/);
});

test.run();
