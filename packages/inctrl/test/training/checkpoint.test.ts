import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { PairResiduals } from "../../src/training/pairs.js";
import { type RunOptions, trainRun } from "../../src/training/run.js";
import { bytes, measured, OPTIONS, trainingTests } from "./support.js";

const test = trainingTests("checkpoint");
test("a run stopped at any step and resumed gives the bytes of one that was not", async ({
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
  const same = (name: string) => {
    for (const file of ["heads", "best", "checkpoint"] as const)
      assert.ok(
        bytes(join(folder, name), file).equals(bytes(join(folder, "straight"), file)),
        `${name}: ${file}`,
      );
    assert.equal(measured(join(folder, name)), measured(join(folder, "straight")));
  };
  // Within the second epoch, and within the first; `longer` below goes on from between them.
  for (const at of [3, 1]) {
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
  await run("seed", { seed: 1, epochs: 1, steps: 1 });
  assert.not(bytes(join(folder, "seed"), "heads").equals(bytes(join(folder, "straight"), "heads")));
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
