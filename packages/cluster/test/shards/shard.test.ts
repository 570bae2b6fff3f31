import { setTimeout } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readShard } from "../../src/shards/shard.js";
import { Watchdog } from "../../src/shards/watchdog.js";

test("a shard is counted from 1, or is what the scheduler says", () => {
  assert.equal(readShard("1/8", {}), { index: 0, of: 8 });
  assert.equal(readShard("8/8", {}), { index: 7, of: 8 });
  const slurm = {
    SLURM_ARRAY_TASK_ID: "7",
    SLURM_ARRAY_TASK_MIN: "1",
    SLURM_ARRAY_TASK_STEP: "2",
    SLURM_ARRAY_TASK_COUNT: "4",
  };
  assert.equal(readShard("auto", slurm), { index: 3, of: 4 });
  assert.equal(readShard("auto/6", { JOB_COMPLETION_INDEX: "5" }), { index: 5, of: 6 });
});

test("a shard that cannot be is refused in words", () => {
  const refuses = (text: string, env: Record<string, string>, words: RegExp) =>
    assert.throws(() => readShard(text, env), words);
  for (const text of ["0/8", "9/8", "1", "a/b", "1/0", "-1/2"]) refuses(text, {}, /shard/);
  refuses("auto", {}, /neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX/);
  refuses("auto", { JOB_COMPLETION_INDEX: "0" }, /how many/);
  refuses("auto/3", { SLURM_ARRAY_TASK_ID: "0", SLURM_ARRAY_TASK_COUNT: "4" }, /has 4 tasks/);
  refuses("auto/3", { JOB_COMPLETION_INDEX: "x" }, /no number/);
});

test("silence of many times the usual counts as hung, and work that goes on does not", async () => {
  const hung: number[] = [];
  using watchdog = new Watchdog({ factor: 3, leastMs: 60, firstMs: 1000, onHung: (ms) => hung.push(ms) });
  watchdog.start();
  for (let i = 0; i < 6; i++) {
    await setTimeout(20);
    watchdog.beat();
  }
  assert.equal(hung, []);
  const { limitMs } = watchdog;
  for (let tries = 0; hung.length === 0 && tries < 500; tries++) await setTimeout(20);
  assert.is(hung.length, 1);
  assert.ok(hung[0] >= limitMs, `${hung[0]} of ${limitMs} ms`);
});

test.run();
